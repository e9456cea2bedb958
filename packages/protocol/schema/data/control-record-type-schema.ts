import { int16, message } from '../dsl.ts'

export const ControlRecordTypeSchema = message({
  name: 'ControlRecordTypeSchema',
  kind: 'data',
  versions: '0',
  flexible: 'none',
  fields: {
    type: int16(),
  },
})
