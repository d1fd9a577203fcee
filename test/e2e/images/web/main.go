// web is the test workload: it answers HTTP on :8080 with the name of its pod.
// "web job" prints a line and ends; "web fail" ends with an error. "web writes METHOD URL..." sends that to each address,
// again and again, as whoever keeps names or objects elsewhere up to date; $TOKEN is what it shows there.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func writes(method string, urls []string) {
	client := &http.Client{Timeout: 2 * time.Second}
	for ; ; time.Sleep(time.Second) {
		for _, url := range urls {
			request, err := http.NewRequest(method, url, strings.NewReader("written from within"))
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
			if answer, err := client.Do(request); err == nil {
				answer.Body.Close()
			}
		}
	}
}

func main() {
	name, _ := os.Hostname()
	if len(os.Args) > 3 && os.Args[1] == "writes" {
		writes(os.Args[2], os.Args[3:])
	}
	if len(os.Args) > 1 {
		fmt.Println(os.Args[1], "on", name)
		if os.Args[1] == "fail" {
			os.Exit(1)
		}
		return
	}
	server := &http.Server{Addr: ":8080", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, name)
	})}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() { <-stop.Done(); server.Shutdown(context.Background()) }()
	fmt.Println("listening on", server.Addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
