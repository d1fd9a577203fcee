/** Where k3s writes the command line that it made of its configuration, secrets left out. */
const annotation = 'k3s.io/node-args';

/** What stands there in place of a secret. */
const omitted = '********';

type Annotations = Readonly<Record<string, string>>;

/**
 * What a server was started with, by the names of its settings; undefined where its node does not tell. A node says what its
 * server was started with, whatever any file says now.
 */
export function startedWith(annotations: Annotations): ReadonlyMap<string, readonly string[]> | undefined {
  const line = commandLine(annotations[annotation]);
  if (line?.[0] !== 'server') return undefined;
  const settings = new Map<string, readonly string[]>();
  for (const [i, part] of line.entries()) {
    const value = line[i + 1];
    if (!part.startsWith('--') || value === undefined || value === omitted) continue;
    settings.set(part.slice(2), [...(settings.get(part.slice(2)) ?? []), value]);
  }
  return settings;
}

/** Parts of k3s that a server leaves out, sorted; undefined where its node does not tell. */
export function disabledAt(annotations: Annotations): readonly string[] | undefined {
  const settings = startedWith(annotations);
  return settings && [...new Set(settings.get('disable')?.flatMap((parts) => parts.split(',')))].sort();
}

function commandLine(text: string | undefined): readonly string[] | undefined {
  try {
    const line: unknown = JSON.parse(text ?? '');
    return Array.isArray(line) && line.every((part) => typeof part === 'string') ? line : undefined;
  } catch {
    return undefined;
  }
}
