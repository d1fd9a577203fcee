import { line } from './posix.js';
import type { CompletionTable } from './table.js';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const functions = `# __slipway_row COMMAND KIND NAME: the value of that row, if there is one.
function __slipway_row
  for row in (__slipway_table "$argv[1]")
    set -l parts (string split '|' -- $row)
    if test "$parts[1]" = "$argv[2]" -a "x$parts[2]" = "x$argv[3]"
      echo "$parts[3]"
      return 0
    end
  end
  return 1
end

# The clusters of this workspace, one a line.
function __slipway_clusters
  set -l home "$HOME/.local/share/slipway"
  test (uname) = Darwin; and set home "$HOME/Library/Application Support/slipway"
  test -n "$XDG_DATA_HOME"; and set home "$XDG_DATA_HOME/slipway"
  test -n "$SLIPWAY_HOME"; and set home "$SLIPWAY_HOME"
  for record in (find "$home/clusters" -mindepth 2 -maxdepth 2 -name record.json 2>/dev/null)
    string replace -r '^.*/([^/]+)/record\\.json$' '$1' -- $record
  end
end

# __slipway_value VALUE PREFIX: what a value of the table stands for, each after PREFIX.
function __slipway_value
  switch "$argv[1]"
    case '@cluster'
      printf "$argv[2]%s\\n" (__slipway_clusters)
    case '@file'
      if test -z "$argv[2]"
        __fish_complete_path (commandline -ct)
      else
        printf "$argv[2]%s\\n" (__fish_complete_path (string replace -r '^[^=]*=' '' -- (commandline -ct)) | string replace -r '\\t.*' '')
      end
    case '@any'
    case '*'
      printf "$argv[2]%s\\n" (string split ' ' -- "$argv[1]")
  end
end

function __slipway_complete
  set -l current (commandline -ct)
  set -l typed ''
  set -l flag ''
  set -l position 0
  for word in (commandline -opc)[2..-1]
    if test -n "$flag"
      set flag ''
      continue
    end
    if string match -qr -- '^--.*=' $word
      continue
    else if string match -q -- '-*' $word
      set -l value (__slipway_row "$typed" flag $word)
      test -n "$value"; and set flag $word
    else if test $position = 0; and __slipway_row "$typed" word $word >/dev/null
      set typed (string trim "$typed $word")
    else
      set position (math $position + 1)
    end
  end
  if test -n "$flag"
    __slipway_value (__slipway_row "$typed" flag $flag) ''
    return
  end
  if string match -qr -- '^--.*=' "$current"
    set -l name (string replace -r '=.*' '' -- $current)
    __slipway_value (__slipway_row "$typed" flag $name) "$name="
    return
  end
  set -l kind word
  string match -q -- '-*' "$current"; and set kind flag
  set -l offered
  if test $kind = flag -o $position = 0
    for row in (__slipway_table "$typed")
      set -l parts (string split '|' -- $row)
      test "$parts[1]" = $kind; and set -a offered "$parts[2]"\\t"$parts[4]"
    end
  end
  if test (count $offered) -gt 0
    printf '%s\\n' $offered
    return
  end
  set -l value (__slipway_row "$typed" argument (math $position + 1))
  or set value (__slipway_row "$typed" argument '*')
  test -n "$value"; and __slipway_value "$value" ''
end

complete -c slipway -f -a '(__slipway_complete)'
`;

export function fishCompletion(table: CompletionTable): string {
  const cases = [...table].map(
    ([typed, rows]) =>
      `    case ${quoted(typed)}\n      printf '%s\\n' \\\n${rows.map((row) => `        ${quoted(line(row))}`).join(' \\\n')}`,
  );
  return `# fish completion for slipway

# What may follow: kind|name|value|text.
function __slipway_table
  switch "$argv[1]"
${cases.join('\n')}
  end
end

${functions}`;
}
