/** Where k3s writes the command line that it made of its configuration, secrets left out. */
const annotation = 'k3s.io/node-args';

/**
 * Parts of k3s that a server leaves out, sorted; undefined where its node does not tell. A node says what its server was
 * started with, whatever any file says now.
 */
export function disabledAt(annotations: Readonly<Record<string, string>>): readonly string[] | undefined {
  const line = commandLine(annotations[annotation]);
  if (line?.[0] !== 'server') return undefined;
  return [...new Set(line.flatMap((part, i) => (part === '--disable' ? (line[i + 1]?.split(',') ?? []) : [])))].sort();
}

function commandLine(text: string | undefined): readonly string[] | undefined {
  try {
    const line: unknown = JSON.parse(text ?? '');
    return Array.isArray(line) && line.every((part) => typeof part === 'string') ? line : undefined;
  } catch {
    return undefined;
  }
}
