import type { Confirmation } from '../reporting/index.js';
import type { WorkflowContext } from './context.js';

/**
 * The same context, which neither says nor asks anything in the same words twice: what is looked at again is found
 * again, and was answered already.
 */
export function tellingOnce(context: WorkflowContext): WorkflowContext {
  const { reporter } = context;
  const said = new Set<string>();
  const answered = new Set<string>();
  return {
    ...context,
    reporter: {
      emit: (event) => {
        if (event.type === 'note' || event.type === 'looking') {
          if (said.has(event.text)) return;
          said.add(event.text);
        }
        reporter.emit(event);
      },
      confirm: async (confirmation) => {
        const words = wordsOf(confirmation);
        if (answered.has(words)) return;
        await reporter.confirm(confirmation);
        answered.add(words);
      },
      choose: (choice) => reporter.choose(choice),
      close: () => reporter.close(),
    },
  };
}

const wordsOf = ({ question, details, typed }: Confirmation): string => JSON.stringify([question, details, typed]);
