import { posixFunctions } from './posix.js';
import type { CompletionTable } from './table.js';

/** Works with bash 3.2 too, which macOS has. */
export const bashCompletion = (table: CompletionTable): string => `# bash completion for slipway
${posixFunctions(table)}
# __slipway_names COMMAND KIND: the names of those rows.
__slipway_names() {
  local kind name rest
  __slipway_table "$1" | while IFS='|' read -r kind name rest; do
    [ "$kind" != "$2" ] || printf '%s\\n' "$name"
  done
}

_slipway() {
  local current=\${COMP_WORDS[COMP_CWORD]} command flag position offered='' value IFS=$' \\t\\n'
  local typed=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  COMPREPLY=()
  if [ "$current" = '=' ]; then current=''; fi
  __slipway_place "\${typed[@]}"
  if [ -z "$flag" ] && [[ $current == -* ]]; then
    offered=$(__slipway_names "$command" flag)
  elif [ -z "$flag" ] && [ "$position" = 0 ] && offered=$(__slipway_names "$command" word) && [ -n "$offered" ]; then
    :
  elif value=$(__slipway_expected); then
    case $value in
    @cluster) offered=$(__slipway_clusters) ;;
    @file)
      compopt -o filenames 2>/dev/null
      IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$current"))
      return 0
      ;;
    @any) ;;
    *) offered=$value ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}

complete -F _slipway slipway
`;
