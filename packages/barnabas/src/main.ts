/** The command: `barnabas start [server.properties]`, and `barnabas` alone for the same without a file. */
import { Command, Option } from 'commander'
import { startCommand, type StartArguments } from './start.ts'

const VERSION = '0.1.0'

const program = new Command('barnabas')
  .description('An event streaming platform that speaks the Kafka wire protocol.')
  .version(VERSION)

program
  .command('start', { isDefault: true })
  .description('Starts a node; stops it in order on SIGTERM and SIGINT.')
  .argument('[file]', 'settings in the format of server.properties')
  .option(
    '--override <name=value>',
    'a setting that overrules file and environment; may be given several times',
    (value: string, earlier: string[]) => [...earlier, value],
    [],
  )
  .option('--cluster-id <id>', 'id of a new cluster (random when absent)')
  .addOption(
    new Option('--log-level <level>', 'lines to show')
      .choices(['trace', 'debug', 'info', 'warn', 'error'])
      .default('info'),
  )
  .addOption(
    new Option('--log-format <format>', 'form of the lines')
      .choices(['text', 'json'])
      .default('text'),
  )
  .action(async (file: string | undefined, options: StartArguments) => {
    await startCommand(file ?? null, options)
  })

await program.parseAsync()
