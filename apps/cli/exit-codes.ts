// How the command ends, for scripts.
export const EXIT = {
  ok: 0,
  /** It was tried and did not succeed. */
  failed: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** The hub refused the request: key, scope, or content. */
  refused: 3,
  /** The hub (or its database) cannot be reached. */
  notReachable: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure with words for a person and a code for a script. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What the hub answered, for `--json`. */
    readonly problem?: unknown,
  ) {
    super(message);
    this.name = 'CliError';
  }
}

/** The result itself says what failed: with `--json` nothing more is printed, so that stdout is one JSON document. */
export class ReportedFailure extends CliError {}
