import type { Schema } from '../crd-schema.js';
import { isMap } from '../objects.js';
import { hasOwnForm } from '../protobuf/decode.js';
import { fieldsByName, isKindMessage, messageOfKind } from '../protobuf/descriptors.js';

/** Which fields a value may have. */
export interface Shape {
  /** Whatever is in it is taken. */
  readonly isOpen?: boolean;
  /** A whole object within another one: its metadata are looked at after all else. */
  readonly isEmbedded?: boolean;
  field(name: string): Shape | undefined;
  item(): Shape;
}

const open: Shape = { isOpen: true, field: () => open, item: () => open };
const mapOf = (inner: Shape): Shape => ({ field: () => inner, item: () => inner });

/** Of a message, as the official descriptors know it. */
function messageShape(name: string): Shape {
  const fields = hasOwnForm(name) ? undefined : fieldsByName(name);
  if (!fields) return open;
  const isKind = isKindMessage(name);
  const shape: Shape = {
    field: (field) => {
      if (isKind && (field === 'apiVersion' || field === 'kind')) return open;
      const known = fields.get(field);
      if (!known) return undefined;
      return known.isMap ? mapOf(messageShape(known.type)) : messageShape(known.type);
    },
    item: () => shape,
  };
  return shape;
}

/** Of a built-in kind; undefined where its fields are not known. */
export function kindShape(apiVersion: string, kind: string): Shape | undefined {
  const name = messageOfKind(apiVersion, kind);
  return name === undefined ? undefined : messageShape(name);
}

const metadata = (): Shape => messageShape('apimachinery.meta.v1.ObjectMeta');
const identity = new Set(['apiVersion', 'kind']);

/** Of a kind of one's own. */
export function schemaShape(schema: Schema, isObject = true): Shape {
  const { properties = {}, additionalProperties, items } = schema;
  if (!isObject && Object.keys(schema).length === 0) return open;
  const keeps = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
  const isWhole = isObject || schema['x-kubernetes-embedded-resource'] === true;
  return {
    isEmbedded: !isObject && isWhole,
    field: (name) => {
      if (isWhole && identity.has(name)) return open;
      if (isWhole && name === 'metadata') return metadata();
      const own = properties[name];
      if (own) return schemaShape(own, false);
      if (isMap(additionalProperties)) return schemaShape(additionalProperties, false);
      return keeps ? open : undefined;
    },
    item: () => (items ? schemaShape(items, false) : open),
  };
}
