export * from './limits.ts'
export * from './transport-errors.ts'
export * from './transport.ts'
