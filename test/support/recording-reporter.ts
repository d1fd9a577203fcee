import type { Choice, Confirmation, ReportEvent, Reporter } from '../../src/reporting/index.js';

/** A reporter that keeps what it is told, and answers as told beforehand. */
export class RecordingReporter implements Reporter {
  readonly events: ReportEvent[] = [];
  readonly asked: (Confirmation | Choice)[] = [];

  constructor(private readonly answer: (question: Confirmation) => Promise<void> = async () => {}) {}

  emit(event: ReportEvent): void {
    this.events.push(event);
  }

  async confirm(confirmation: Confirmation): Promise<void> {
    this.asked.push(confirmation);
    await this.answer(confirmation);
  }

  async choose(choice: Choice): Promise<string> {
    this.asked.push(choice);
    return choice.choices[0]!;
  }

  async close(): Promise<void> {}

  /** `step-done create:cp-1`, in order. */
  lines(): string[] {
    return this.events.map((event) => ('id' in event ? `${event.type} ${event.id}` : event.type));
  }
}
