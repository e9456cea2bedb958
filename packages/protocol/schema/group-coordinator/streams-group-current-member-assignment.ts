import { array, int32, int8, message, string, struct } from '../dsl.ts'

export const StreamsGroupCurrentMemberAssignmentKey = message({
  name: 'StreamsGroupCurrentMemberAssignmentKey',
  kind: 'coordinator-key',
  apiKey: 22,
  versions: '0',
  flexible: 'none',
  doc: 'Key of StreamsGroupCurrentMemberAssignmentValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const TaskIds = struct('TaskIds', {
  subtopologyId: string(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
})

export const StreamsGroupCurrentMemberAssignmentValue = message({
  name: 'StreamsGroupCurrentMemberAssignmentValue',
  kind: 'coordinator-value',
  apiKey: 22,
  versions: '0',
  flexible: '0+',
  doc: "The tasks that a streams group's member has, and those it must still give up (KIP-1071).",
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    activeTasks: array(TaskIds),
    standbyTasks: array(TaskIds),
    warmupTasks: array(TaskIds),
    activeTasksPendingRevocation: array(TaskIds),
    standbyTasksPendingRevocation: array(TaskIds),
    warmupTasksPendingRevocation: array(TaskIds),
  },
})
