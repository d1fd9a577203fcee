// entry is what a job of k3s's Helm controller runs, with the same arguments, environment and mounts as the image
// of a release: install|delete and helm's flags; NAME, CHART, REPO, TARGET_NAMESPACE, FAILURE_POLICY, TIMEOUT, …;
// values in /config, a chart's content in /chart. Charts come from a repository or from their content; a registry
// (oci://) is left to helm.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

func env(key string) string { return os.Getenv(key) }

func helm(args ...string) error {
	fmt.Println("+ helm", strings.Join(args, " "))
	command := exec.Command("/helm", args...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "entry:", err)
		os.Exit(1)
	}
}

// status is the release's ("deployed", "failed", …), empty when there is none.
func status() string {
	out, err := exec.Command("/helm", "list", "--all", "--filter", "^"+env("NAME")+"$", "--namespace", env("TARGET_NAMESPACE"), "--output", "json").Output()
	check(err)
	var releases []struct{ Status string }
	check(json.Unmarshal(out, &releases))
	if len(releases) == 0 {
		return ""
	}
	return releases[0].Status
}

func values() (flags []string) {
	files, _ := filepath.Glob("/config/values-*.yaml")
	sort.Strings(files)
	for _, file := range files {
		flags = append(flags, "--values", file)
	}
	return
}

// chart is a file when its content came with it, else what helm finds by its name.
func chart() string {
	content, err := os.ReadFile("/chart/" + env("NAME") + ".tgz.base64")
	if err == nil && len(content) > 0 {
		packed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content)))
		check(err)
		file := "/tmp/" + env("NAME") + ".tgz"
		check(os.WriteFile(file, packed, 0o600))
		return file
	}
	if env("REPO") != "" {
		check(helm("repo", "add", env("NAME"), env("REPO")))
	}
	return env("CHART")
}

func main() {
	if len(os.Args) < 2 {
		check(fmt.Errorf("which action? install or delete"))
	}
	action, flags := os.Args[1], os.Args[2:]
	name, namespace := env("NAME"), env("TARGET_NAMESPACE")
	timeout := []string{}
	if env("TIMEOUT") != "" {
		timeout = []string{"--timeout", env("TIMEOUT")}
	}
	found := status()
	uninstall := func() error {
		return helm(append([]string{"uninstall", name, "--namespace", namespace, "--wait"}, timeout...)...)
	}
	if action == "delete" {
		if found == "" {
			fmt.Println("there is no release", name)
			return
		}
		check(uninstall())
		return
	}
	switch found {
	case "", "deployed":
	default:
		switch policy := env("FAILURE_POLICY"); policy {
		case "reinstall":
			check(uninstall())
			found = ""
		case "retry":
		default:
			check(fmt.Errorf("release status is '%s' and failure policy is '%s', not 'reinstall'; waiting for operator intervention", found, policy))
		}
	}
	verb := "install"
	if found != "" {
		verb = "upgrade"
		kept := flags[:0]
		for _, flag := range flags {
			if flag != "--create-namespace" {
				kept = append(kept, flag)
			}
		}
		flags = kept
	}
	args := append([]string{verb, name, chart()}, flags...)
	if namespace != "" && !strings.Contains(strings.Join(flags, " "), "--namespace") {
		args = append(args, "--namespace", namespace)
	}
	check(helm(append(append(args, timeout...), values()...)...))
}
