export * from './configs/index.ts'
