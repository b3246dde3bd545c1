import { defineConfig } from '@playwright/test';

const onCluster = process.env.HANDOUT_CLUSTER === '1';
const long = process.env.HANDOUT_LONG === '1';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  ...(long ? { grep: /@long/ } : { grepInvert: /@long/ }),
  timeout: long ? 1_800_000 : onCluster ? 180_000 : 90_000,
  expect: { timeout: 15_000 },
  workers: 2, // one alone waits for a third of its time
  retries: 0, // a flaky test is a bug
  forbidOnly: true,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    trace: process.env.HANDOUT_TRACE === '1' ? 'retain-on-failure' : 'off', // it costs a third of the time
    launchOptions: {
      executablePath: process.env.HANDOUT_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
