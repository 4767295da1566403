// Tests that may skip themselves in CI, each with its reason. Everywhere else a skip in CI is a failure: CI has it all.

/** Start of the test's name → why CI does without it. */
const allowed = [
  {
    startsWith: 'the disk is full',
    reason: 'a small disk has to be mounted, which a container without CAP_SYS_ADMIN may not do',
  },
  { startsWith: 'here, while an import is read', reason: 'as above' },
  { startsWith: 'on the SFTP server, while files are written', reason: 'as above' },
];

/** Why this test may be skipped in CI; `undefined` when it may not. */
export function reasonToSkip(testName) {
  return allowed.find(({ startsWith }) => testName.startsWith(startsWith))?.reason;
}
