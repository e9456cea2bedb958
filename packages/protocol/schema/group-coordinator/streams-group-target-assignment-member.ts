import { array, int32, message, string, struct } from '../dsl.ts'

export const StreamsGroupTargetAssignmentMemberKey = message({
  name: 'StreamsGroupTargetAssignmentMemberKey',
  kind: 'coordinator-key',
  apiKey: 21,
  versions: '0',
  flexible: 'none',
  doc: 'Key of StreamsGroupTargetAssignmentMemberValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const TaskIds = struct('TaskIds', {
  subtopologyId: string(),
  partitions: array(int32()),
})

export const StreamsGroupTargetAssignmentMemberValue = message({
  name: 'StreamsGroupTargetAssignmentMemberValue',
  kind: 'coordinator-value',
  apiKey: 21,
  versions: '0',
  flexible: '0+',
  doc: "The tasks that a streams group's member shall have (KIP-1071).",
  fields: {
    activeTasks: array(TaskIds),
    standbyTasks: array(TaskIds),
    warmupTasks: array(TaskIds),
  },
})
