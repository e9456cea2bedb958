export * from './generated/index.ts'
export * from './records/index.ts'
export * from './wire/index.ts'
