/** What all resources share that people name. Times are as the API writes them: `2026-11-21T10:00:00`. */
export interface Labelled {
  readonly id: number;
  label: string;
  readonly created: string;
  updated: string;
}

export interface Tagged extends Labelled {
  tags: readonly string[];
}
