/** The work of a Job has failed, and has said why; its exit code says whether another try may help. */
export class JobFailed extends Error {
  override readonly name = "JobFailed";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the Job failed with exit code ${String(exitCode)}`);
    this.exitCode = exitCode;
  }
}
