import type { ReleaseEnd } from '../../../distributions/port.js';
import { type Notice, plural } from '../../../domain/index.js';

/** How long before a release ends people are told, in days. */
const toldDays = 60;

/** A release that its provider is expected to take away soon. It is told once, and once more when it is over. */
export function endIlls(cluster: string, end: ReleaseEnd | undefined): readonly Notice[] {
  if (!end || end.daysLeft > toldDays) return [];
  const { version, until, daysLeft } = end;
  const isOver = daysLeft < 0;
  return [
    {
      event: 'version',
      key: `version:${isOver ? 'ended' : 'ending'}:${version}`,
      cluster,
      title: isOver
        ? `Kubernetes ${version} was expected to end on ${until}.`
        : `Kubernetes ${version} is expected to end on ${until}, in ${plural(daysLeft, 'day')}.`,
      details: [`See every step to the next minor: slipway cluster upgrade ${cluster} --to stable --dry-run`],
    },
  ];
}
