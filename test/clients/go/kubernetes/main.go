// A controller as people write them, against the API at the address given: client-go with its default configuration,
// leader election over a Lease, an informer, events, apply, and what it does about conflicts. What it saw is told as
// JSON, one line, for the test to judge.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/retry"
)

const namespace = "default"

var told = map[string]any{}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	config := &rest.Config{Host: os.Args[1], UserAgent: "controller"}
	client, err := kubernetes.NewForConfig(config)
	must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	version, err := client.Discovery().ServerVersion()
	must(err)
	told["version"] = version.GitVersion
	lead(ctx, client)
	deployment := roll(ctx, client)
	tell(ctx, client, deployment)
	change(ctx, client)
	must(json.NewEncoder(os.Stdout).Encode(told))
}

// lead elects one of two candidates, and the other one when the first gives up.
func lead(ctx context.Context, client kubernetes.Interface) {
	leaders := make(chan string)
	candidate := func(ctx context.Context, name string) <-chan struct{} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
				Lock: &resourcelock.LeaseLock{
					LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "controller"},
					Client:     client.CoordinationV1(),
					LockConfig: resourcelock.ResourceLockConfig{Identity: name},
				},
				LeaseDuration:   4 * time.Second,
				RenewDeadline:   3 * time.Second,
				RetryPeriod:     200 * time.Millisecond,
				ReleaseOnCancel: true,
				Callbacks: leaderelection.LeaderCallbacks{
					OnStartedLeading: func(context.Context) { leaders <- name },
					OnStoppedLeading: func() {},
				},
			})
		}()
		return ended
	}
	firstCtx, stopFirst := context.WithCancel(ctx)
	first := candidate(firstCtx, "first")
	order := []string{<-leaders}
	secondCtx, stopSecond := context.WithCancel(ctx)
	second := candidate(secondCtx, "second")
	lease, err := client.CoordinationV1().Leases(namespace).Get(ctx, "controller", metav1.GetOptions{})
	must(err)
	order = append(order, *lease.Spec.HolderIdentity)
	stopFirst()
	order = append(order, <-leaders)
	<-first
	told["leaders"] = order
	lease, err = client.CoordinationV1().Leases(namespace).Get(ctx, "controller", metav1.GetOptions{})
	must(err)
	told["transitions"] = *lease.Spec.LeaseTransitions
	told["renewed"] = !lease.Spec.RenewTime.Before(lease.Spec.AcquireTime)
	stopSecond()
	<-second
}

// roll makes a Deployment and follows its pods by an informer until they are ready.
func roll(ctx context.Context, client kubernetes.Interface) *appsv1.Deployment {
	replicas := int32(2)
	labels := map[string]string{"app": "web"}
	deployment, err := client.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "nginx"}}},
			},
		},
	}, metav1.CreateOptions{})
	must(err)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	pods := factory.Core().V1().Pods()
	seen := make(chan struct{}, 1)
	wake := func(any) {
		select {
		case seen <- struct{}{}:
		default:
		}
	}
	_, err = pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    wake,
		UpdateFunc: func(_, now any) { wake(now) },
		DeleteFunc: wake,
	})
	must(err)
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		told["synced "+kind.String()] = synced
	}
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	must(err)
	ready := func() int {
		all, err := pods.Lister().Pods(namespace).List(selector)
		must(err)
		count := 0
		for _, pod := range all {
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
					count++
				}
			}
		}
		return count
	}
	until := func(wanted int) {
		for ready() != wanted {
			select {
			case <-seen:
			case <-ctx.Done():
				must(fmt.Errorf("%d pods are ready, not %d: %w", ready(), wanted, ctx.Err()))
			}
		}
	}
	until(2)
	// The Deployment's own controller writes its status meanwhile.
	must(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		scale, err := client.AppsV1().Deployments(namespace).GetScale(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		scale.Spec.Replicas = 3
		_, err = client.AppsV1().Deployments(namespace).UpdateScale(ctx, "web", scale, metav1.UpdateOptions{})
		return err
	}))
	until(3)
	told["ready"] = ready()
	return deployment
}

// tell reports the same twice as a controller does, which makes one event that is counted.
func tell(ctx context.Context, client kubernetes.Interface, deployment *appsv1.Deployment) {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: client.CoreV1().Events("")})
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "controller"})
	for range 2 {
		recorder.Eventf(deployment, corev1.EventTypeWarning, "Rolled", "rolled %s out", deployment.Name)
	}
	must(wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		events, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
			FieldSelector: "involvedObject.kind=Deployment,involvedObject.name=web,reason=Rolled",
		})
		if err != nil || len(events.Items) != 1 || events.Items[0].Count != 2 {
			return false, err
		}
		event := events.Items[0]
		told["event"] = []any{event.Type, event.Message, event.Count, event.InvolvedObject.UID == deployment.UID}
		return true, nil
	}))
}

// change writes in each of the ways there are, two of them at once.
func change(ctx context.Context, client kubernetes.Interface) {
	maps := client.CoreV1().ConfigMaps(namespace)
	applied, err := maps.Apply(ctx, applycore.ConfigMap("settings", namespace).WithData(map[string]string{"a": "1"}),
		metav1.ApplyOptions{FieldManager: "controller"})
	must(err)
	_, err = maps.Apply(ctx, applycore.ConfigMap("settings", namespace).WithData(map[string]string{"a": "2"}),
		metav1.ApplyOptions{FieldManager: "other"})
	told["fields conflict"] = apierrors.IsConflict(err)
	_, err = maps.Patch(ctx, "settings", types.StrategicMergePatchType, []byte(`{"data":{"b":"1"}}`), metav1.PatchOptions{})
	must(err)
	stale := applied.DeepCopy()
	stale.Data["c"] = "1"
	_, err = maps.Update(ctx, stale, metav1.UpdateOptions{})
	told["stale"] = apierrors.IsConflict(err)
	must(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		fresh, err := maps.Get(ctx, "settings", metav1.GetOptions{})
		if err != nil {
			return err
		}
		fresh.Data["c"] = "1"
		_, err = maps.Update(ctx, fresh, metav1.UpdateOptions{})
		return err
	}))
	last, err := maps.Get(ctx, "settings", metav1.GetOptions{})
	must(err)
	told["data"] = last.Data
	_, err = maps.Create(ctx, last, metav1.CreateOptions{})
	told["twice"] = fmt.Sprint(err)
	uid := types.UID("of another one")
	err = maps.Delete(ctx, "settings", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	told["other uid"] = apierrors.IsConflict(err)
	must(maps.Delete(ctx, "settings", metav1.DeleteOptions{}))
	_, err = maps.Get(ctx, "settings", metav1.GetOptions{})
	told["gone"] = fmt.Sprint(err)
}
