export * from './batch-view.ts'
export * from './layout.ts'
