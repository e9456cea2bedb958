export * from './group/index.ts'
export * from './runtime/index.ts'
