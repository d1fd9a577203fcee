import { posixFunctions } from './posix.js';
import type { CompletionTable } from './table.js';

/** Either sourced after compinit, or put into a file \`_slipway\` of a folder in \`fpath\`. */
export const zshCompletion = (table: CompletionTable): string => `#compdef slipway
# zsh completion for slipway
${posixFunctions(table)}
# __slipway_offer KIND: those rows of the command, with their texts.
__slipway_offer() {
  local kind name value text
  local -a rows
  while IFS='|' read -r kind name value text; do
    [[ $kind != $1 ]] || rows+=("\${name//:/\\\\:}:$text")
  done < <(__slipway_table "$command")
  (( \${#rows} )) && _describe "$1" rows
}

_slipway() {
  local command flag position value
  __slipway_place "\${(@Q)words[2,CURRENT-1]}"
  if [[ -z $flag && $PREFIX == --*=* ]]; then
    flag=\${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -z $flag && $PREFIX == -* ]]; then
    __slipway_offer flag
  elif [[ -z $flag && $position == 0 ]] && __slipway_offer word; then
    return 0
  elif value=$(__slipway_expected); then
    case $value in
    @cluster) compadd -- \${(f)"$(__slipway_clusters)"} ;;
    @file) _files ;;
    @any) return 1 ;;
    *) compadd -- \${=value} ;;
    esac
  fi
}

if [[ \${funcstack[1]} == _slipway ]]; then
  _slipway "$@"
else
  compdef _slipway slipway
fi
`;
