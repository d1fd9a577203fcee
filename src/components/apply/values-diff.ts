import { parse } from 'yaml';

const most = 80;
const secretive = /passw|passphrase|secret|token|credential|(api|access|private|secret)-?key/i;
/** Names of Secrets, which are none. */
const reference = /name|ref|existing/i;

/**
 * What differs between two trees, one line for each leaf, as dotted paths: `~ replicas: 2 → 3`, `+ a.b: "x"`,
 * `- ports[1]`. What sits under a name that sounds secret is not shown.
 */
export function diffLines(before: unknown, after: unknown): string[] {
  const [old, next] = [leaves(before), leaves(after)];
  const paths = [...new Set([...old.keys(), ...next.keys()])].sort();
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), next.get(path)];
    if (was === is) return [];
    const hidden = path.split('.').some((part) => secretive.test(part) && !reference.test(part));
    if (was === undefined) return [`+ ${path}: ${hidden ? '(not shown)' : shown(is!)}`];
    if (is === undefined) return [`- ${path}`];
    return [`~ ${path}: ${hidden ? 'changed' : change(was, is)}`];
  });
}

/** The same for YAML texts; a text that is no YAML counts as one leaf. */
export function diffYaml(before: string | undefined, after: string | undefined): string[] {
  return diffLines(read(before), read(after));
}

function read(text: string | undefined): unknown {
  try {
    return parse(text ?? '') as unknown;
  } catch {
    return text;
  }
}

/** Leaves as JSON, by path. Empty maps and lists are leaves, too. */
function leaves(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string, node: unknown): void => {
    if (node === undefined) return;
    if (Array.isArray(node) && node.length > 0) return node.forEach((entry, i) => walk(`${path}[${i}]`, entry));
    if (typeof node === 'object' && node !== null && !Array.isArray(node) && Object.keys(node).length > 0) {
      for (const [key, entry] of Object.entries(node)) {
        const safe = key.includes('.') ? `"${key}"` : key;
        walk(path === '' ? safe : `${path}.${safe}`, entry);
      }
      return;
    }
    if (node === null && path === '') return;
    found.set(path, JSON.stringify(node));
  };
  walk('', value);
  return found;
}

function change(was: string, is: string): string {
  if (was.length <= most && is.length <= most) return `${was} → ${is}`;
  // Long texts are scripts, dashboards and configuration files: how many of their lines differ says more.
  const [old, next] = [linesOf(was), linesOf(is)];
  const gone = old.filter((line) => !next.includes(line)).length;
  const come = next.filter((line) => !old.includes(line)).length;
  return `changed (${gone} lines gone, ${come} come)`;
}

const linesOf = (json: string): string[] => {
  const value: unknown = JSON.parse(json);
  return typeof value === 'string' ? value.split('\n') : [json];
};

const shown = (json: string): string => (json.length <= most ? json : `${json.slice(0, most - 1)}…`);
