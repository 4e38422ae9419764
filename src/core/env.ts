/** What the outside world gives to an operation: time, chance, a voice, a way to stop. Passed in, never imported. */

export interface Env {
  /** The present moment. */
  now(): Date;
  /** Resolves after this many milliseconds; rejects with the signal's reason when the operation is cancelled. */
  sleep(milliseconds: number): Promise<void>;
  /** A number in [0, 1). */
  random(): number;
  /** Random lower-case hexadecimal text of this many characters, fit for secrets and keys. */
  randomHex(characters: number): string;
  /** One and the same object for all operations that run side by side; another one once nothing runs. What it keys may be shared among them. */
  readonly sideBySide: object;
  /** Aborted when the engine cancels or the operation's time is over. */
  readonly signal: AbortSignal;
  /** What a person sees on the resource's row. A lost line never fails the work. */
  readonly say: Say;
}

export interface Say {
  /** Replaces the row's status text: what is being done now. An empty text clears it. */
  progress(text: string): void;
  /** A line that stays, listed under the resource. */
  info(text: string): void;
  /** A warning that stays. */
  warning(text: string): void;
}
