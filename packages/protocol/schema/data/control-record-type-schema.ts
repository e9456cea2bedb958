import { int16, message } from '../dsl.ts'

export const ControlRecordTypeSchema = message({
  name: 'ControlRecordTypeSchema',
  kind: 'data',
  versions: '0',
  flexible: 'none',
  doc: 'Key of a control record: which type of control record it is.',
  fields: {
    type: int16(),
  },
})
