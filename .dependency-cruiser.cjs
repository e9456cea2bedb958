// Which package may import which: the table in ARCHITECTURE.md, checked.
const allowed = {
  base: [],
  host: ['base'],
  protocol: ['base'],
  security: ['base', 'protocol'],
  network: ['base', 'protocol', 'security'],
  log: ['base', 'protocol'],
  metadata: ['base', 'protocol'],
  replication: ['base', 'protocol', 'log'],
  coordinator: ['base', 'protocol'],
  broker: [
    'base',
    'host',
    'protocol',
    'security',
    'network',
    'log',
    'metadata',
    'replication',
    'coordinator',
  ],
  client: ['base', 'host', 'protocol', 'network', 'security'],
  barnabas: ['base', 'host', 'broker', 'client'],
}

module.exports = {
  forbidden: [
    ...Object.entries(allowed).map(([name, others]) => ({
      name: `${name}-imports-only-lower-layers`,
      severity: 'error',
      from: { path: `^packages/${name}/(src|schema)/` },
      to: {
        path: '^packages/',
        pathNot: `^packages/(${[name, ...others].join('|')})/`,
      },
    })),
    {
      name: 'no-cycles-between-files',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: 'generated' } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/fixtures/|/test/|\\.test\\.ts$)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['barnabas-source', 'import', 'require', 'node', 'default'],
    },
  },
}
