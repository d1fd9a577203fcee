"""Hetzner's own Python client against the sandbox: what it does is told as JSON, one line, for the test to judge."""

import json
import sys

from hcloud import APIException, Client
from hcloud.firewalls import FirewallRule
from hcloud.images import Image
from hcloud.load_balancer_types import LoadBalancerType
from hcloud.load_balancers import (
    LoadBalancerCreatePublicNetwork,
    LoadBalancerHealthCheck,
    LoadBalancerService,
    LoadBalancerTarget,
    LoadBalancerTargetLabelSelector,
)
from hcloud.locations import Location
from hcloud.networks import NetworkSubnet
from hcloud.server_types import ServerType

endpoint, token, reading_token, public_key = sys.argv[1:5]
client = Client(token=token, api_endpoint=endpoint, poll_interval=0.05)
told = {}

told["locations"] = [location.name for location in client.locations.get_all()]
told["server_types"] = len(client.server_types.get_all())
told["images"] = len(client.images.get_all(type="system", name="ubuntu-24.04"))

key = client.ssh_keys.create(name="mine", public_key=public_key)
network = client.networks.create(
    name="net",
    ip_range="10.0.0.0/16",
    subnets=[NetworkSubnet(type="cloud", network_zone="eu-central", ip_range="10.0.1.0/24")],
)
firewall = client.firewalls.create(
    name="wall",
    rules=[FirewallRule(direction="in", protocol="tcp", port="22", source_ips=["203.0.113.0/24"])],
)
for action in firewall.actions:
    action.wait_until_finished()
group = client.placement_groups.create(name="spread", type="spread").placement_group


def create(name):
    answer = client.servers.create(
        name=name,
        server_type=ServerType(name="cax11"),
        image=Image(name="ubuntu-24.04"),
        location=Location(name="fsn1"),
        ssh_keys=[key],
        networks=[network],
        firewalls=[firewall.firewall],
        placement_group=group,
        labels={"role": "cp"},
        user_data="#cloud-config\n",
    )
    answer.action.wait_until_finished()
    for action in answer.next_actions:
        action.wait_until_finished()
    return answer.server


servers = [create("a"), create("b")]
for server in servers:
    server.reload()
told["statuses"] = [server.status for server in servers]
told["private"] = [server.private_net[0].ip for server in servers]
told["firewalls"] = [server.public_net.firewalls[0].status for server in servers]
told["found"] = [server.name for server in client.servers.get_all(label_selector="role in (cp,worker)")]

try:
    create("a")
except APIException as error:
    told["twice"] = error.code

front = client.primary_ips.create(type="ipv4", name="front", location=Location(name="fsn1"), auto_delete=False).primary_ip
balancer = client.load_balancers.create(
    name="api",
    load_balancer_type=LoadBalancerType(name="lb11"),
    location=Location(name="fsn1"),
    network=network,
    public_net=LoadBalancerCreatePublicNetwork(ipv4=front),
    services=[
        LoadBalancerService(
            protocol="tcp",
            listen_port=6443,
            destination_port=6443,
            proxyprotocol=False,
            health_check=LoadBalancerHealthCheck(protocol="tcp", port=6443, interval=3, timeout=3, retries=1),
        )
    ],
    targets=[
        LoadBalancerTarget(
            type="label_selector",
            label_selector=LoadBalancerTargetLabelSelector(selector="role=cp"),
            use_private_ip=True,
        )
    ],
)
balancer.action.wait_until_finished()
balancer.load_balancer.reload()
told["balancer"] = balancer.load_balancer.private_net[0].ip
told["front"] = balancer.load_balancer.public_net.ipv4.ip == front.ip
front.reload()
told["assigned"] = [front.assignee_type, front.assignee_id == balancer.load_balancer.id]
told["health"] = [
    [health.listen_port, health.status, health.detail]
    for target in balancer.load_balancer.targets[0].targets
    for health in target.health_status
]
told["members"] = [[member.type, member.ip, member.status] for member in network.get_member_all(sort=["id:asc"])]
told["balancers"] = [member.id for member in network.get_member_all(type=["load_balancer"])] == [
    balancer.load_balancer.id
]
try:
    Client(token=reading_token, api_endpoint=endpoint).networks.delete(network)
except APIException as error:
    told["forbidden"] = [error.code, error.message]

volume = client.volumes.create(name="data", size=10, server=servers[0])
volume.action.wait_until_finished()
for action in volume.next_actions:
    action.wait_until_finished()
volume.volume.reload()
told["volume_on"] = volume.volume.server.id == servers[0].id

servers[0].power_off().wait_until_finished()
servers[0].reload()
told["off"] = servers[0].status
image = servers[0].create_image(description="prepared")
image.action.wait_until_finished()
prepared = client.images.get_by_id(image.image.id)
told["image"] = [prepared.status, prepared.deprecation]

balancer.load_balancer.delete().action.wait_until_finished()
front.reload()
told["freed"] = front.assignee_type
told["front_gone"] = front.delete()
for server in servers:
    server.delete().wait_until_finished()
told["left"] = len(client.servers.get_all())
told["volume_free"] = client.volumes.get_by_id(volume.volume.id).server is None
told["network"] = client.networks.delete(network)
told["firewall"] = client.firewalls.delete(firewall.firewall)

print(json.dumps(told))
