// web is the test workload: it answers HTTP on :8080 with the name of its pod.
// "web job" prints a line and ends; "web fail" ends with an error.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	name, _ := os.Hostname()
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
