export * from './group/modern/index.ts'
export * from './runtime/index.ts'
