/** What an action changes, as data: it outlives a restart of the sandbox between its begin and its end. */
export type Effect =
  | { readonly kind: 'server.create'; readonly server: number }
  | { readonly kind: 'server.start'; readonly server: number }
  | { readonly kind: 'server.stop'; readonly server: number }
  | { readonly kind: 'server.shutdown'; readonly server: number }
  | { readonly kind: 'server.asleep'; readonly server: number; readonly shutdown: number }
  | { readonly kind: 'server.reboot'; readonly server: number; readonly hard: boolean }
  | { readonly kind: 'server.delete'; readonly server: number }
  | {
      readonly kind: 'server.attach';
      readonly server: number;
      readonly network: number;
      readonly ip?: string | undefined;
      readonly range?: string | undefined;
    }
  | { readonly kind: 'server.detach'; readonly server: number; readonly network: number }
  | { readonly kind: 'server.type'; readonly server: number; readonly type: string; readonly diskGB: number }
  | { readonly kind: 'image.create'; readonly image: number; readonly imageGB: number }
  | { readonly kind: 'firewall.apply'; readonly firewall: number; readonly server: number }
  | { readonly kind: 'firewall.remove'; readonly firewall: number; readonly server: number }
  | { readonly kind: 'firewalls.select' }
  | { readonly kind: 'balancer.create'; readonly balancer: number }
  | { readonly kind: 'balancer.delete'; readonly balancer: number }
  | { readonly kind: 'balancer.attach'; readonly balancer: number; readonly network: number }
  | { readonly kind: 'volume.create'; readonly volume: number }
  | { readonly kind: 'volume.attach'; readonly volume: number; readonly server: number }
  | { readonly kind: 'volume.detach'; readonly volume: number };
