export * from './group/index.ts'
export * from './group/modern/index.ts'
export * from './runtime/index.ts'
export * from './transaction/index.ts'
