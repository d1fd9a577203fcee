import type { CompletionTable, Row } from './table.js';

export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const line = ({ kind, name, value, text }: Row): string => [kind, name, value, text].join('|');

/** What bash and zsh have in common: the table, and the clusters of the workspace. */
export function posixFunctions(table: CompletionTable): string {
  const cases = [...table].map(
    ([typed, rows]) =>
      `  ${quoted(typed)}) printf '%s\\n' \\\n${rows.map((row) => `    ${quoted(line(row))}`).join(' \\\n')} ;;`,
  );
  return `# What may follow: kind|name|value|text.
__slipway_table() {
  case $1 in
${cases.join('\n')}
  esac
}

# __slipway_row COMMAND KIND NAME: the value of that row, if there is one.
__slipway_row() {
  local kind name value text
  while IFS='|' read -r kind name value text; do
    if [ "$kind" = "$2" ] && [ "$name" = "$3" ]; then
      printf '%s\\n' "$value"
      return 0
    fi
  done <<EOF
$(__slipway_table "$1")
EOF
  return 1
}

# The clusters of this workspace, one a line.
__slipway_clusters() {
  local home=\${SLIPWAY_HOME:-} record
  [ -n "$home" ] || home=\${XDG_DATA_HOME:+$XDG_DATA_HOME/slipway}
  if [ -z "$home" ]; then
    case $OSTYPE in
    darwin*) home="$HOME/Library/Application Support/slipway" ;;
    *) home=$HOME/.local/share/slipway ;;
    esac
  fi
  find "$home/clusters" -mindepth 2 -maxdepth 2 -name record.json 2>/dev/null | while IFS= read -r record; do
    record=\${record%/record.json}
    printf '%s\\n' "\${record##*/}"
  done
}

# __slipway_place WORD...: what was typed before the word under the cursor. Sets \`command\`, the words of the command;
# \`flag\`, which waits for its value; \`position\`, how many arguments there are.
__slipway_place() {
  local word value
  command='' flag='' position=0
  for word in "$@"; do
    if [ -n "$flag" ]; then
      # bash takes \`=\` for a word of its own.
      [ "$word" = '=' ] || flag=''
      continue
    fi
    case $word in
    --*=*) ;;
    -*) if value=$(__slipway_row "$command" flag "$word") && [ -n "$value" ]; then flag=$word; fi ;;
    *)
      if [ "$position" = 0 ] && __slipway_row "$command" word "$word" >/dev/null; then
        command="\${command:+$command }$word"
      else
        position=$((position + 1))
      fi
      ;;
    esac
  done
}

# What may stand where the cursor is, as a value of the table; fails where words or flags are to be offered.
__slipway_expected() {
  if [ -n "$flag" ]; then
    __slipway_row "$command" flag "$flag"
  else
    __slipway_row "$command" argument $((position + 1)) || __slipway_row "$command" argument '*'
  fi
}
`;
}
