// The library on which hcloud, the Terraform provider and Hetzner's cloud controller stand, against the API at the
// address given. What it saw is told as JSON, one line, for the test to judge.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func must[T any](value T, _ *hcloud.Response, err error) T {
	check(err)
	return value
}

func ipRange(text string) *net.IPNet {
	_, parsed, err := net.ParseCIDR(text)
	check(err)
	return parsed
}

func main() {
	told := map[string]any{}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	open := func(token string) *hcloud.Client {
		return hcloud.NewClient(hcloud.WithEndpoint(os.Args[1]), hcloud.WithToken(token),
			hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(50 * time.Millisecond)}))
	}
	client, reader := open(os.Args[2]), open(os.Args[3])
	wait := func(actions ...*hcloud.Action) { check(client.Action.WaitFor(ctx, actions...)) }

	network := must(client.Network.Create(ctx, hcloud.NetworkCreateOpts{
		Name:    "net",
		IPRange: ipRange("10.0.0.0/16"),
		Subnets: []hcloud.NetworkSubnet{{
			Type: hcloud.NetworkSubnetTypeCloud, NetworkZone: hcloud.NetworkZoneEUCentral, IPRange: ipRange("10.0.1.0/24"),
		}},
	}))
	image := must(client.Image.GetForArchitecture(ctx, "ubuntu-24.04", hcloud.ArchitectureARM))
	told["image deprecation"] = image.Deprecation != nil
	serverType := must(client.ServerType.GetByName(ctx, "cax11"))
	told["locations"] = len(serverType.Locations)
	location := &hcloud.Location{Name: "fsn1"}
	server := must(client.Server.Create(ctx, hcloud.ServerCreateOpts{
		Name: "a", ServerType: serverType, Image: image, Location: location,
		Networks: []*hcloud.Network{network}, Labels: map[string]string{"role": "cp"},
	}))
	wait(append(server.NextActions, server.Action)...)

	front := must(client.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{
		Name: "front", Type: hcloud.PrimaryIPTypeIPv4, Location: "fsn1", AutoDelete: new(bool),
	})).PrimaryIP
	port := 80
	balancer := must(client.LoadBalancer.Create(ctx, hcloud.LoadBalancerCreateOpts{
		Name: "web", LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: location, Network: network,
		PublicNet: &hcloud.LoadBalancerCreateOptsPublicNet{IPv4: front},
		Services: []hcloud.LoadBalancerCreateOptsService{{
			Protocol: hcloud.LoadBalancerServiceProtocolHTTP, ListenPort: &port, DestinationPort: &port,
		}},
		Targets: []hcloud.LoadBalancerCreateOptsTarget{{
			Type:   hcloud.LoadBalancerTargetTypeServer,
			Server: hcloud.LoadBalancerCreateOptsTargetServer{Server: server.Server},
		}},
	}))
	wait(balancer.Action)
	shown := must(client.LoadBalancer.GetByID(ctx, balancer.LoadBalancer.ID))
	told["front"] = shown.PublicNet.IPv4.ID == front.ID && shown.PublicNet.IPv4.IP.Equal(front.IP)
	told["second address"] = shown.PublicNet.IPv6.ID != 0
	health := shown.Targets[0].HealthStatus[0]
	told["health"] = []any{health.ListenPort, health.Status, health.Detail, health.HTTPStatusCode}
	members, err := client.Network.AllMembers(ctx, network)
	check(err)
	places := []string{}
	for _, member := range members {
		places = append(places, fmt.Sprintf("%s %s in %s: %s", member.Type, member.IP, member.Subnet, member.Status))
	}
	told["members"] = places

	refusal := func(name string, err error) {
		known, _ := err.(hcloud.Error)
		told[name] = fmt.Sprintf("%s (%s)", known.Message, known.Code)
	}
	_, err = reader.Server.Delete(ctx, server.Server)
	refusal("read-only", err)
	told["read-only is known"] = hcloud.IsError(err, hcloud.ErrorCodeForbidden)
	_, _, err = client.Network.AddSubnet(ctx, network, hcloud.NetworkAddSubnetOpts{Subnet: hcloud.NetworkSubnet{
		Type: hcloud.NetworkSubnetTypeVSwitch, NetworkZone: hcloud.NetworkZoneEUCentral,
		IPRange: ipRange("10.0.17.0/24"), VSwitchID: 42,
	}})
	refusal("unknown vSwitch", err)
	_, _, err = client.Server.Create(ctx, hcloud.ServerCreateOpts{
		Name: "b", ServerType: serverType, Image: image, Location: &hcloud.Location{Name: "ash"},
	})
	refusal("type elsewhere", err)
	_, err = client.PrimaryIP.Delete(ctx, front)
	refusal("address in use", err)

	deleted := must(client.LoadBalancer.DeleteWithResult(ctx, shown))
	told["delete"] = deleted.Action.Command
	wait(deleted.Action)
	told["freed"] = must(client.PrimaryIP.GetByID(ctx, front.ID)).AssigneeID == 0
	check(must2(client.PrimaryIP.Delete(ctx, front)))
	wait(must(client.Server.DeleteWithResult(ctx, server.Server)).Action)
	check(must2(client.Network.Delete(ctx, network)))
	left, err := client.PrimaryIP.All(ctx)
	check(err)
	told["left"] = len(left)
	check(json.NewEncoder(os.Stdout).Encode(told))
}

func must2(_ *hcloud.Response, err error) error { return err }
