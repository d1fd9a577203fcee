// flannel is a CNI plugin: it reads what flannel's daemon wrote about this node and leaves
// the work to the plugins "bridge" and "host-local" beside it. Standard library only.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const subnetFile = "/run/flannel/subnet.env"

func fail(code int, format string, a ...any) {
	json.NewEncoder(os.Stdout).Encode(map[string]any{"cniVersion": "1.0.0", "code": code, "msg": "flannel: " + fmt.Sprintf(format, a...)})
	os.Exit(1)
}

func main() {
	command := os.Getenv("CNI_COMMAND")
	switch command {
	case "VERSION":
		fmt.Println(`{"cniVersion":"1.0.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}`)
		return
	case "ADD", "DEL":
	default: // CHECK, STATUS and GC have nothing to say here
		return
	}
	conf := map[string]any{}
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal(input, &conf)
	}
	if err != nil {
		fail(6, "reading the configuration: %v", err)
	}
	env, err := readEnv(subnetFile)
	if err != nil {
		if command == "DEL" && os.IsNotExist(err) {
			return
		}
		fail(11, "%v (is flannel's daemon running?)", err)
	}
	delegate := map[string]any{"type": "bridge", "isGateway": true, "ipMasq": env["FLANNEL_IPMASQ"] != "true"}
	if mtu, err := strconv.Atoi(env["FLANNEL_MTU"]); err == nil {
		delegate["mtu"] = mtu
	}
	if given, ok := conf["delegate"].(map[string]any); ok {
		for k, v := range given {
			delegate[k] = v
		}
	}
	for _, k := range []string{"name", "cniVersion", "prevResult", "runtimeConfig"} {
		if v, ok := conf[k]; ok {
			delegate[k] = v
		}
	}
	ranges, routes := []any{}, []any{}
	for _, v := range []string{"FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET"} {
		if _, n, err := net.ParseCIDR(env[v]); err == nil {
			ranges = append(ranges, []any{map[string]string{"subnet": n.String()}})
		}
	}
	for _, v := range []string{"FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"} {
		for _, n := range strings.Split(env[v], ",") {
			if n != "" {
				routes = append(routes, map[string]string{"dst": n})
			}
		}
	}
	delegate["ipam"] = map[string]any{"type": "host-local", "ranges": ranges, "routes": routes}
	out, _ := json.Marshal(delegate)
	for _, dir := range filepath.SplitList(os.Getenv("CNI_PATH")) {
		path := filepath.Join(dir, delegate["type"].(string))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		c := exec.Command(path)
		c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(out), os.Stdout, os.Stderr
		if c.Run() != nil {
			os.Exit(1)
		}
		return
	}
	fail(100, "no %v in CNI_PATH", delegate["type"])
}

func readEnv(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	env := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), "="); ok {
			env[k] = v
		}
	}
	return env, nil
}
