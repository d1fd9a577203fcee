import type { Obj } from '../objects.js';
import { age, ageColumn, type Column, maps, nameColumn, text } from './column.js';
import { podSummary, readinessGates, shownStatus } from './pod-summary.js';

const restarts = (pod: Obj, now: number): string => {
  const { restarts: count, lastEnd } = podSummary(pod);
  return count > 0 && lastEnd !== undefined ? `${count} (${age(lastEnd, now)} ago)` : String(count);
};

const address = (pod: Obj): string => {
  const [first] = maps(pod, 'status.podIPs');
  return (first ? text(first, 'ip') : text(pod, 'status.podIP')) || '<none>';
};

export const podColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Ready',
    description: 'The aggregate readiness state of this pod for accepting traffic.',
    read: (pod) => {
      const { ready, containers } = podSummary(pod);
      return `${ready}/${containers}`;
    },
  },
  {
    name: 'Status',
    description: 'The aggregate status of the containers in this pod.',
    read: shownStatus,
  },
  {
    name: 'Restarts',
    description:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    read: restarts,
  },
  ageColumn,
  {
    name: 'IP',
    description:
      'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
    priority: 1,
    read: address,
  },
  {
    name: 'Node',
    description:
      'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
    priority: 1,
    read: (pod) => text(pod, 'spec.nodeName', '<none>'),
  },
  {
    name: 'Nominated Node',
    description:
      'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.',
    priority: 1,
    read: (pod) => text(pod, 'status.nominatedNodeName', '<none>'),
  },
  {
    name: 'Readiness Gates',
    description:
      'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
    priority: 1,
    read: readinessGates,
  },
];
