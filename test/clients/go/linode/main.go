// The library on which Linode's Terraform provider and its cloud controller stand, against the API at the address given.
// What it saw of LKE is told as JSON, one line, for the test to judge.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/linode/linodego"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	told := map[string]any{}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	client := linodego.NewClient(nil)
	client.SetBaseURL(os.Args[1])
	client.SetToken(os.Args[2])
	client.SetPollDelay(50)

	versions := must(client.ListLKEVersions(ctx, nil))
	told["newest"] = versions[0].ID
	cluster := must(client.CreateLKECluster(ctx, linodego.LKEClusterCreateOptions{
		Label: "go", Region: "se-sto", K8sVersion: "1.36",
		NodePools: []linodego.LKENodePoolCreateOptions{{Type: "g6-standard-2", Count: 2, Tags: []string{"mine"}}},
	}))
	told["at once"] = cluster.Status
	_, early := client.GetLKEClusterKubeconfig(withoutRetries(ctx), cluster.ID)
	told["early"] = early != nil

	var config *linodego.LKEClusterKubeconfig
	for {
		found, err := client.GetLKEClusterKubeconfig(ctx, cluster.ID)
		if err == nil {
			config = found
			break
		}
		check(ctx.Err())
		time.Sleep(50 * time.Millisecond)
	}
	text := must(base64.StdEncoding.DecodeString(config.KubeConfig))
	told["kubeconfig"] = len(text) > 0

	ready := func() []linodego.LKENodePool {
		for {
			pools := must(client.ListLKENodePools(ctx, cluster.ID, nil))
			count := 0
			for _, node := range pools[0].Linodes {
				if node.Status == linodego.LKELinodeReady {
					count++
				}
			}
			if count == pools[0].Count && len(pools[0].Linodes) == count {
				return pools
			}
			check(ctx.Err())
			time.Sleep(50 * time.Millisecond)
		}
	}
	before := ready()[0]
	told["tags"] = before.Tags
	check(client.RecycleLKENodePoolNode(ctx, cluster.ID, before.Linodes[0].ID))
	after := ready()[0]
	told["recycled"] = after.Linodes[0].InstanceID != before.Linodes[0].InstanceID
	told["pool"] = after.ID == before.ID

	grown := must(client.UpdateLKENodePool(ctx, cluster.ID, before.ID, linodego.LKENodePoolUpdateOptions{
		Autoscaler: &linodego.LKENodePoolAutoscaler{Enabled: true, Min: 3, Max: 4},
	}))
	told["range"] = []int{grown.Count, grown.Autoscaler.Min, grown.Autoscaler.Max}
	told["upgraded"] = must(client.UpdateLKECluster(ctx, cluster.ID, linodego.LKEClusterUpdateOptions{K8sVersion: "1.37"})).K8sVersion
	check(client.DeleteLKECluster(ctx, cluster.ID))
	told["left"] = len(must(client.ListLKEClusters(ctx, nil)))
	check(json.NewEncoder(os.Stdout).Encode(told))
}

func withoutRetries(ctx context.Context) context.Context {
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	_ = cancel
	return short
}
