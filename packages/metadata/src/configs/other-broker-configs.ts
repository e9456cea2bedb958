/**
 * Broker settings that are not in Kafka's own table: those its authorizer reads by itself. A describe
 * shows them as Kafka does, with an unknown type and a hidden value.
 */
import { boolean, string, type ConfigTable } from './definition.ts'

export const OTHER_BROKER_CONFIGS = {
  'allow.everyone.if.no.acl.found': boolean('false', {
    doc: 'Whether a resource without any ACL is open to all.',
  }),
  // Distinguished names hold commas, so this is no list of commas.
  'super.users': string('', { doc: 'Principals that may do everything, separated by semicolons.' }),
} as const satisfies ConfigTable
