export type * from './types.js';
export { componentFolders, ownComponents, readCatalogue } from './catalogue.js';
export { selectComponents, selectionOf, type Selected, type SelectInput } from './select.js';
export { renderComponents } from './render.js';
export { resolveSecrets, secretNeeds } from './secrets.js';
export { judgedPlaces, placeText } from './places.js';
export { mergeValues } from './merge-values.js';
export { jsonText, yamlText } from './yaml-text.js';
export { bytesOf, milliOf } from './quantity.js';
