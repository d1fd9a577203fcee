import type { RenderedComponent } from '../types.js';
import type { KubeObject } from '../../kube/types.js';
import { specOf } from './chart.js';
import { hashOf, labelled } from './objects.js';

/** A component's own objects in the order in which they are applied; Namespaces are seen to apart from them. */
export function ownObjects(component: Pick<RenderedComponent, 'id' | 'before' | 'objects'>): readonly KubeObject[] {
  return [...objectsBefore(component), ...component.objects.map((object) => labelled(object, component.id))];
}

/** Those that are applied before the chart. */
export const objectsBefore = ({ id, before }: Pick<RenderedComponent, 'id' | 'before'>): readonly KubeObject[] =>
  before.filter(({ kind }) => kind !== 'Namespace').map((object) => labelled(object, id));

export const namespacesOf = ({ before }: Pick<RenderedComponent, 'before'>): readonly KubeObject[] =>
  before.filter(({ kind }) => kind === 'Namespace');

/** Changes with anything that has to be applied or waited for anew. */
export function printOf(component: RenderedComponent): string {
  return hashOf([specOf(component.chart), component.before, component.objects, component.health]);
}
