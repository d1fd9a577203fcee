import type { ReportEvent, Reporter } from '../reporting/index.js';
import type { Journal } from '../workspace/types.js';

/** A reporter that also writes every event but chatter into the journal. */
export function journaled(reporter: Reporter, journal: Journal): Reporter {
  return {
    emit(event) {
      const fields = entryOf(event);
      if (fields) journal.append({ at: new Date(event.at).toISOString(), event: event.type, ...fields });
      reporter.emit(event);
    },
    confirm: (confirmation) => reporter.confirm(confirmation),
    choose: (choice) => reporter.choose(choice),
    close: () => reporter.close(),
  };
}

function entryOf(event: ReportEvent): Record<string, unknown> | undefined {
  switch (event.type) {
    case 'operation-started':
      return {
        operation: event.operation,
        cluster: event.cluster,
        steps: event.steps.map(({ id, phase, target, text }) => ({ id, phase, target, text })),
      };
    case 'step-progress':
    case 'looking':
      return undefined;
    case 'step-failed':
      return { id: event.id, ms: event.ms, error: event.error.toJSON() };
    case 'step-started':
    case 'step-done':
    case 'step-interrupted':
    case 'step-skipped':
    case 'step-put-back':
    case 'note':
    case 'interrupting':
    case 'operation-finished': {
      const { type: _type, at: _at, ...rest } = event;
      return rest;
    }
  }
}
