export * from './purgatory.ts'
