export * from './batch-view.ts'
export * from './layout.ts'
export * from './record-cursor.ts'
