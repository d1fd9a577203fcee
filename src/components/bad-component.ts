import { UsageError } from '../errors/index.js';

export function badComponent(shown: string, details: readonly string[]): UsageError {
  return new UsageError(`${shown} has ${details.length === 1 ? 'a problem' : `${details.length} problems`}`, {
    code: 'BAD_COMPONENT',
    details,
    hint: 'docs/reference/component-folders.md tells what a component.yaml may hold.',
  });
}
