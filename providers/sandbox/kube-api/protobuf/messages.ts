// Written by providers/sandbox/scripts/kubernetes-messages.ts from generated.proto and the struct tags of the Go modules
// k8s.io/api, k8s.io/apimachinery, k8s.io/apiextensions-apiserver, k8s.io/kube-aggregator v0.36.5.
// Copyright The Kubernetes Authors. Licensed under the Apache License, Version 2.0.

/** API version, kind and message of what a request can carry. */
export const kinds = `
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration api.admissionregistration.v1.MutatingWebhookConfiguration
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy api.admissionregistration.v1.ValidatingAdmissionPolicy
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding api.admissionregistration.v1.ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration api.admissionregistration.v1.ValidatingWebhookConfiguration
apiextensions.k8s.io/v1 CustomResourceDefinition apiextensions_apiserver.apiextensions.v1.CustomResourceDefinition
apiregistration.k8s.io/v1 APIService kube_aggregator.apiregistration.v1.APIService
apps/v1 DaemonSet api.apps.v1.DaemonSet
apps/v1 Deployment api.apps.v1.Deployment
apps/v1 ReplicaSet api.apps.v1.ReplicaSet
apps/v1 StatefulSet api.apps.v1.StatefulSet
authentication.k8s.io/v1 SelfSubjectReview api.authentication.v1.SelfSubjectReview
authentication.k8s.io/v1 TokenRequest api.authentication.v1.TokenRequest
authorization.k8s.io/v1 SelfSubjectAccessReview api.authorization.v1.SelfSubjectAccessReview
authorization.k8s.io/v1 SelfSubjectRulesReview api.authorization.v1.SelfSubjectRulesReview
autoscaling/v1 Scale api.autoscaling.v1.Scale
autoscaling/v2 HorizontalPodAutoscaler api.autoscaling.v2.HorizontalPodAutoscaler
batch/v1 CronJob api.batch.v1.CronJob
batch/v1 Job api.batch.v1.Job
coordination.k8s.io/v1 Lease api.coordination.v1.Lease
discovery.k8s.io/v1 EndpointSlice api.discovery.v1.EndpointSlice
events.k8s.io/v1 Event api.events.v1.Event
meta.k8s.io/v1 DeleteOptions apimachinery.meta.v1.DeleteOptions
networking.k8s.io/v1 Ingress api.networking.v1.Ingress
networking.k8s.io/v1 IngressClass api.networking.v1.IngressClass
networking.k8s.io/v1 NetworkPolicy api.networking.v1.NetworkPolicy
policy/v1 Eviction api.policy.v1.Eviction
policy/v1 PodDisruptionBudget api.policy.v1.PodDisruptionBudget
rbac.authorization.k8s.io/v1 ClusterRole api.rbac.v1.ClusterRole
rbac.authorization.k8s.io/v1 ClusterRoleBinding api.rbac.v1.ClusterRoleBinding
rbac.authorization.k8s.io/v1 Role api.rbac.v1.Role
rbac.authorization.k8s.io/v1 RoleBinding api.rbac.v1.RoleBinding
scheduling.k8s.io/v1 PriorityClass api.scheduling.v1.PriorityClass
storage.k8s.io/v1 CSIDriver api.storage.v1.CSIDriver
storage.k8s.io/v1 StorageClass api.storage.v1.StorageClass
storage.k8s.io/v1 VolumeAttachment api.storage.v1.VolumeAttachment
v1 Binding api.core.v1.Binding
v1 ConfigMap api.core.v1.ConfigMap
v1 Endpoints api.core.v1.Endpoints
v1 Event api.core.v1.Event
v1 LimitRange api.core.v1.LimitRange
v1 Namespace api.core.v1.Namespace
v1 Node api.core.v1.Node
v1 PersistentVolume api.core.v1.PersistentVolume
v1 PersistentVolumeClaim api.core.v1.PersistentVolumeClaim
v1 Pod api.core.v1.Pod
v1 ResourceQuota api.core.v1.ResourceQuota
v1 Secret api.core.v1.Secret
v1 Service api.core.v1.Service
v1 ServiceAccount api.core.v1.ServiceAccount
`;

/**
 * A message a line: its name and its fields as NUMBER SIGNS NAME : TYPE. `*` is a list, `%` a map from text,
 * `?` is left out of JSON when it is empty, the fields of `~` stand in its place.
 */
export const messages = `
api.admissionregistration.v1.AuditAnnotation 1key:string 2valueExpression:string
api.admissionregistration.v1.ExpressionWarning 2fieldRef:string 3warning:string
api.admissionregistration.v1.MatchCondition 1name:string 2expression:string
api.admissionregistration.v1.MatchResources 1namespaceSelector:apimachinery.meta.v1.LabelSelector 2objectSelector:apimachinery.meta.v1.LabelSelector 3*?resourceRules:api.admissionregistration.v1.NamedRuleWithOperations 4*?excludeResourceRules:api.admissionregistration.v1.NamedRuleWithOperations 7matchPolicy:string
api.admissionregistration.v1.MutatingWebhook 1name:string 2clientConfig:api.admissionregistration.v1.WebhookClientConfig 3*?rules:api.admissionregistration.v1.RuleWithOperations 4failurePolicy:string 9matchPolicy:string 5namespaceSelector:apimachinery.meta.v1.LabelSelector 11objectSelector:apimachinery.meta.v1.LabelSelector 6sideEffects:string 7timeoutSeconds:int32 8*admissionReviewVersions:string 10reinvocationPolicy:string 12*?matchConditions:api.admissionregistration.v1.MatchCondition
api.admissionregistration.v1.MutatingWebhookConfiguration 1?metadata:apimachinery.meta.v1.ObjectMeta 2*?webhooks:api.admissionregistration.v1.MutatingWebhook
api.admissionregistration.v1.NamedRuleWithOperations 1*?resourceNames:string 2~ruleWithOperations:api.admissionregistration.v1.RuleWithOperations
api.admissionregistration.v1.ParamKind 1?apiVersion:string 2?kind:string
api.admissionregistration.v1.ParamRef 1?name:string 2?namespace:string 3selector:apimachinery.meta.v1.LabelSelector 4parameterNotFoundAction:string
api.admissionregistration.v1.Rule 1*?apiGroups:string 2*?apiVersions:string 3*?resources:string 4scope:string
api.admissionregistration.v1.RuleWithOperations 1*?operations:string 2~rule:api.admissionregistration.v1.Rule
api.admissionregistration.v1.ServiceReference 1namespace:string 2name:string 3path:string 4port:int32
api.admissionregistration.v1.TypeChecking 1*?expressionWarnings:api.admissionregistration.v1.ExpressionWarning
api.admissionregistration.v1.ValidatingAdmissionPolicy 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.admissionregistration.v1.ValidatingAdmissionPolicySpec 3?status:api.admissionregistration.v1.ValidatingAdmissionPolicyStatus
api.admissionregistration.v1.ValidatingAdmissionPolicyBinding 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec
api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec 1?policyName:string 2paramRef:api.admissionregistration.v1.ParamRef 3matchResources:api.admissionregistration.v1.MatchResources 4*?validationActions:string
api.admissionregistration.v1.ValidatingAdmissionPolicySpec 1paramKind:api.admissionregistration.v1.ParamKind 2matchConstraints:api.admissionregistration.v1.MatchResources 3*?validations:api.admissionregistration.v1.Validation 4failurePolicy:string 5*?auditAnnotations:api.admissionregistration.v1.AuditAnnotation 6*?matchConditions:api.admissionregistration.v1.MatchCondition 7*?variables:api.admissionregistration.v1.Variable
api.admissionregistration.v1.ValidatingAdmissionPolicyStatus 1?observedGeneration:int64 2typeChecking:api.admissionregistration.v1.TypeChecking 3*?conditions:apimachinery.meta.v1.Condition
api.admissionregistration.v1.ValidatingWebhook 1name:string 2clientConfig:api.admissionregistration.v1.WebhookClientConfig 3*?rules:api.admissionregistration.v1.RuleWithOperations 4failurePolicy:string 9matchPolicy:string 5namespaceSelector:apimachinery.meta.v1.LabelSelector 10objectSelector:apimachinery.meta.v1.LabelSelector 6sideEffects:string 7timeoutSeconds:int32 8*admissionReviewVersions:string 11*?matchConditions:api.admissionregistration.v1.MatchCondition
api.admissionregistration.v1.ValidatingWebhookConfiguration 1?metadata:apimachinery.meta.v1.ObjectMeta 2*?webhooks:api.admissionregistration.v1.ValidatingWebhook
api.admissionregistration.v1.Validation 1expression:string 2?message:string 3reason:string 4?messageExpression:string
api.admissionregistration.v1.Variable 1name:string 2expression:string
api.admissionregistration.v1.WebhookClientConfig 3url:string 1service:api.admissionregistration.v1.ServiceReference 2?caBundle:bytes
api.apps.v1.DaemonSet 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.apps.v1.DaemonSetSpec 3?status:api.apps.v1.DaemonSetStatus
api.apps.v1.DaemonSetCondition 1type:string 2status:string 3?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string
api.apps.v1.DaemonSetSpec 1selector:apimachinery.meta.v1.LabelSelector 2template:api.core.v1.PodTemplateSpec 3?updateStrategy:api.apps.v1.DaemonSetUpdateStrategy 4?minReadySeconds:int32 6revisionHistoryLimit:int32
api.apps.v1.DaemonSetStatus 1currentNumberScheduled:int32 2numberMisscheduled:int32 3desiredNumberScheduled:int32 4numberReady:int32 5?observedGeneration:int64 6?updatedNumberScheduled:int32 7?numberAvailable:int32 8?numberUnavailable:int32 9collisionCount:int32 10*?conditions:api.apps.v1.DaemonSetCondition
api.apps.v1.DaemonSetUpdateStrategy 1?type:string 2rollingUpdate:api.apps.v1.RollingUpdateDaemonSet
api.apps.v1.Deployment 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.apps.v1.DeploymentSpec 3?status:api.apps.v1.DeploymentStatus
api.apps.v1.DeploymentCondition 1type:string 2status:string 6?lastUpdateTime:apimachinery.meta.v1.Time 7?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string
api.apps.v1.DeploymentSpec 1replicas:int32 2selector:apimachinery.meta.v1.LabelSelector 3template:api.core.v1.PodTemplateSpec 4?strategy:api.apps.v1.DeploymentStrategy 5?minReadySeconds:int32 6revisionHistoryLimit:int32 7?paused:bool 9progressDeadlineSeconds:int32
api.apps.v1.DeploymentStatus 1?observedGeneration:int64 2?replicas:int32 3?updatedReplicas:int32 7?readyReplicas:int32 4?availableReplicas:int32 5?unavailableReplicas:int32 9terminatingReplicas:int32 6*?conditions:api.apps.v1.DeploymentCondition 8collisionCount:int32
api.apps.v1.DeploymentStrategy 1?type:string 2rollingUpdate:api.apps.v1.RollingUpdateDeployment
api.apps.v1.ReplicaSet 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.apps.v1.ReplicaSetSpec 3?status:api.apps.v1.ReplicaSetStatus
api.apps.v1.ReplicaSetCondition 1type:string 2status:string 3?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string
api.apps.v1.ReplicaSetSpec 1replicas:int32 4?minReadySeconds:int32 2selector:apimachinery.meta.v1.LabelSelector 3?template:api.core.v1.PodTemplateSpec
api.apps.v1.ReplicaSetStatus 1replicas:int32 2?fullyLabeledReplicas:int32 4?readyReplicas:int32 5?availableReplicas:int32 7terminatingReplicas:int32 3?observedGeneration:int64 6*?conditions:api.apps.v1.ReplicaSetCondition
api.apps.v1.RollingUpdateDaemonSet 1maxUnavailable:apimachinery.util.intstr.IntOrString 2maxSurge:apimachinery.util.intstr.IntOrString
api.apps.v1.RollingUpdateDeployment 1maxUnavailable:apimachinery.util.intstr.IntOrString 2maxSurge:apimachinery.util.intstr.IntOrString
api.apps.v1.RollingUpdateStatefulSetStrategy 1partition:int32 2maxUnavailable:apimachinery.util.intstr.IntOrString
api.apps.v1.StatefulSet 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.apps.v1.StatefulSetSpec 3?status:api.apps.v1.StatefulSetStatus
api.apps.v1.StatefulSetCondition 1type:string 2status:string 3?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string
api.apps.v1.StatefulSetOrdinals 1start:int32
api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy 1?whenDeleted:string 2?whenScaled:string
api.apps.v1.StatefulSetSpec 1replicas:int32 2selector:apimachinery.meta.v1.LabelSelector 3template:api.core.v1.PodTemplateSpec 4*?volumeClaimTemplates:api.core.v1.PersistentVolumeClaim 5serviceName:string 6?podManagementPolicy:string 7?updateStrategy:api.apps.v1.StatefulSetUpdateStrategy 8revisionHistoryLimit:int32 9?minReadySeconds:int32 10persistentVolumeClaimRetentionPolicy:api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy 11ordinals:api.apps.v1.StatefulSetOrdinals
api.apps.v1.StatefulSetStatus 1?observedGeneration:int64 2replicas:int32 3?readyReplicas:int32 4?currentReplicas:int32 5?updatedReplicas:int32 6?currentRevision:string 7?updateRevision:string 9collisionCount:int32 10*?conditions:api.apps.v1.StatefulSetCondition 11availableReplicas:int32
api.apps.v1.StatefulSetUpdateStrategy 1?type:string 2rollingUpdate:api.apps.v1.RollingUpdateStatefulSetStrategy
api.authentication.v1.BoundObjectReference 1?kind:string 2?apiVersion:string 3?name:string 4?uid:string
api.authentication.v1.ExtraValue 1*items:string
api.authentication.v1.SelfSubjectReview 1?metadata:apimachinery.meta.v1.ObjectMeta 2?status:api.authentication.v1.SelfSubjectReviewStatus
api.authentication.v1.SelfSubjectReviewStatus 1?userInfo:api.authentication.v1.UserInfo
api.authentication.v1.TokenRequest 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:api.authentication.v1.TokenRequestSpec 3?status:api.authentication.v1.TokenRequestStatus
api.authentication.v1.TokenRequestSpec 1*audiences:string 4expirationSeconds:int64 3boundObjectRef:api.authentication.v1.BoundObjectReference
api.authentication.v1.TokenRequestStatus 1token:string 2expirationTimestamp:apimachinery.meta.v1.Time
api.authentication.v1.UserInfo 1?username:string 2?uid:string 3*?groups:string 4%?extra:api.authentication.v1.ExtraValue
api.authorization.v1.FieldSelectorAttributes 1?rawSelector:string 2*?requirements:apimachinery.meta.v1.FieldSelectorRequirement
api.authorization.v1.LabelSelectorAttributes 1?rawSelector:string 2*?requirements:apimachinery.meta.v1.LabelSelectorRequirement
api.authorization.v1.NonResourceAttributes 1?path:string 2?verb:string
api.authorization.v1.NonResourceRule 1*verbs:string 2*?nonResourceURLs:string
api.authorization.v1.ResourceAttributes 1?namespace:string 2?verb:string 3?group:string 4?version:string 5?resource:string 6?subresource:string 7?name:string 8fieldSelector:api.authorization.v1.FieldSelectorAttributes 9labelSelector:api.authorization.v1.LabelSelectorAttributes
api.authorization.v1.ResourceRule 1*verbs:string 2*?apiGroups:string 3*?resources:string 4*?resourceNames:string
api.authorization.v1.SelfSubjectAccessReview 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:api.authorization.v1.SelfSubjectAccessReviewSpec 3?status:api.authorization.v1.SubjectAccessReviewStatus
api.authorization.v1.SelfSubjectAccessReviewSpec 1resourceAttributes:api.authorization.v1.ResourceAttributes 2nonResourceAttributes:api.authorization.v1.NonResourceAttributes
api.authorization.v1.SelfSubjectRulesReview 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:api.authorization.v1.SelfSubjectRulesReviewSpec 3?status:api.authorization.v1.SubjectRulesReviewStatus
api.authorization.v1.SelfSubjectRulesReviewSpec 1?namespace:string
api.authorization.v1.SubjectAccessReviewStatus 1allowed:bool 4?denied:bool 2?reason:string 3?evaluationError:string
api.authorization.v1.SubjectRulesReviewStatus 1*resourceRules:api.authorization.v1.ResourceRule 2*nonResourceRules:api.authorization.v1.NonResourceRule 3incomplete:bool 4?evaluationError:string
api.autoscaling.v1.Scale 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.autoscaling.v1.ScaleSpec 3?status:api.autoscaling.v1.ScaleStatus
api.autoscaling.v1.ScaleSpec 1?replicas:int32
api.autoscaling.v1.ScaleStatus 1replicas:int32 2?selector:string
api.autoscaling.v2.ContainerResourceMetricSource 1name:string 2target:api.autoscaling.v2.MetricTarget 3container:string
api.autoscaling.v2.ContainerResourceMetricStatus 1name:string 2current:api.autoscaling.v2.MetricValueStatus 3container:string
api.autoscaling.v2.CrossVersionObjectReference 1kind:string 2name:string 3?apiVersion:string
api.autoscaling.v2.ExternalMetricSource 1metric:api.autoscaling.v2.MetricIdentifier 2target:api.autoscaling.v2.MetricTarget
api.autoscaling.v2.ExternalMetricStatus 1metric:api.autoscaling.v2.MetricIdentifier 2current:api.autoscaling.v2.MetricValueStatus
api.autoscaling.v2.HPAScalingPolicy 1type:string 2value:int32 3periodSeconds:int32
api.autoscaling.v2.HPAScalingRules 3stabilizationWindowSeconds:int32 1selectPolicy:string 2*?policies:api.autoscaling.v2.HPAScalingPolicy 4tolerance:apimachinery.api.resource.Quantity
api.autoscaling.v2.HorizontalPodAutoscaler 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.autoscaling.v2.HorizontalPodAutoscalerSpec 3?status:api.autoscaling.v2.HorizontalPodAutoscalerStatus
api.autoscaling.v2.HorizontalPodAutoscalerBehavior 1scaleUp:api.autoscaling.v2.HPAScalingRules 2scaleDown:api.autoscaling.v2.HPAScalingRules
api.autoscaling.v2.HorizontalPodAutoscalerCondition 1type:string 2status:string 3?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string
api.autoscaling.v2.HorizontalPodAutoscalerSpec 1scaleTargetRef:api.autoscaling.v2.CrossVersionObjectReference 2minReplicas:int32 3maxReplicas:int32 4*?metrics:api.autoscaling.v2.MetricSpec 5behavior:api.autoscaling.v2.HorizontalPodAutoscalerBehavior
api.autoscaling.v2.HorizontalPodAutoscalerStatus 1observedGeneration:int64 2lastScaleTime:apimachinery.meta.v1.Time 3?currentReplicas:int32 4desiredReplicas:int32 5*currentMetrics:api.autoscaling.v2.MetricStatus 6*?conditions:api.autoscaling.v2.HorizontalPodAutoscalerCondition
api.autoscaling.v2.MetricIdentifier 1name:string 2selector:apimachinery.meta.v1.LabelSelector
api.autoscaling.v2.MetricSpec 1type:string 2object:api.autoscaling.v2.ObjectMetricSource 3pods:api.autoscaling.v2.PodsMetricSource 4resource:api.autoscaling.v2.ResourceMetricSource 7containerResource:api.autoscaling.v2.ContainerResourceMetricSource 5external:api.autoscaling.v2.ExternalMetricSource
api.autoscaling.v2.MetricStatus 1type:string 2object:api.autoscaling.v2.ObjectMetricStatus 3pods:api.autoscaling.v2.PodsMetricStatus 4resource:api.autoscaling.v2.ResourceMetricStatus 7containerResource:api.autoscaling.v2.ContainerResourceMetricStatus 5external:api.autoscaling.v2.ExternalMetricStatus
api.autoscaling.v2.MetricTarget 1type:string 2value:apimachinery.api.resource.Quantity 3averageValue:apimachinery.api.resource.Quantity 4averageUtilization:int32
api.autoscaling.v2.MetricValueStatus 1value:apimachinery.api.resource.Quantity 2averageValue:apimachinery.api.resource.Quantity 3averageUtilization:int32
api.autoscaling.v2.ObjectMetricSource 1describedObject:api.autoscaling.v2.CrossVersionObjectReference 2target:api.autoscaling.v2.MetricTarget 3metric:api.autoscaling.v2.MetricIdentifier
api.autoscaling.v2.ObjectMetricStatus 1metric:api.autoscaling.v2.MetricIdentifier 2current:api.autoscaling.v2.MetricValueStatus 3describedObject:api.autoscaling.v2.CrossVersionObjectReference
api.autoscaling.v2.PodsMetricSource 1metric:api.autoscaling.v2.MetricIdentifier 2target:api.autoscaling.v2.MetricTarget
api.autoscaling.v2.PodsMetricStatus 1metric:api.autoscaling.v2.MetricIdentifier 2current:api.autoscaling.v2.MetricValueStatus
api.autoscaling.v2.ResourceMetricSource 1name:string 2target:api.autoscaling.v2.MetricTarget
api.autoscaling.v2.ResourceMetricStatus 1name:string 2current:api.autoscaling.v2.MetricValueStatus
api.batch.v1.CronJob 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.batch.v1.CronJobSpec 3?status:api.batch.v1.CronJobStatus
api.batch.v1.CronJobSpec 1schedule:string 8timeZone:string 2startingDeadlineSeconds:int64 3?concurrencyPolicy:string 4suspend:bool 5jobTemplate:api.batch.v1.JobTemplateSpec 6successfulJobsHistoryLimit:int32 7failedJobsHistoryLimit:int32
api.batch.v1.CronJobStatus 1*?active:api.core.v1.ObjectReference 4lastScheduleTime:apimachinery.meta.v1.Time 5lastSuccessfulTime:apimachinery.meta.v1.Time
api.batch.v1.Job 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.batch.v1.JobSpec 3?status:api.batch.v1.JobStatus
api.batch.v1.JobCondition 1type:string 2status:string 3?lastProbeTime:apimachinery.meta.v1.Time 4?lastTransitionTime:apimachinery.meta.v1.Time 5?reason:string 6?message:string
api.batch.v1.JobSpec 1parallelism:int32 2completions:int32 3activeDeadlineSeconds:int64 11podFailurePolicy:api.batch.v1.PodFailurePolicy 16successPolicy:api.batch.v1.SuccessPolicy 7backoffLimit:int32 12backoffLimitPerIndex:int32 13maxFailedIndexes:int32 4selector:apimachinery.meta.v1.LabelSelector 5manualSelector:bool 6template:api.core.v1.PodTemplateSpec 8ttlSecondsAfterFinished:int32 9completionMode:string 10suspend:bool 14podReplacementPolicy:string 15managedBy:string
api.batch.v1.JobStatus 1*?conditions:api.batch.v1.JobCondition 2startTime:apimachinery.meta.v1.Time 3completionTime:apimachinery.meta.v1.Time 4?active:int32 5?succeeded:int32 6?failed:int32 11terminating:int32 7?completedIndexes:string 10failedIndexes:string 8uncountedTerminatedPods:api.batch.v1.UncountedTerminatedPods 9ready:int32
api.batch.v1.JobTemplateSpec 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.batch.v1.JobSpec
api.batch.v1.PodFailurePolicy 1*rules:api.batch.v1.PodFailurePolicyRule
api.batch.v1.PodFailurePolicyOnExitCodesRequirement 1containerName:string 2operator:string 3*values:int32
api.batch.v1.PodFailurePolicyOnPodConditionsPattern 1type:string 2status:string
api.batch.v1.PodFailurePolicyRule 1action:string 2onExitCodes:api.batch.v1.PodFailurePolicyOnExitCodesRequirement 3*?onPodConditions:api.batch.v1.PodFailurePolicyOnPodConditionsPattern
api.batch.v1.SuccessPolicy 1*rules:api.batch.v1.SuccessPolicyRule
api.batch.v1.SuccessPolicyRule 1succeededIndexes:string 2succeededCount:int32
api.batch.v1.UncountedTerminatedPods 1*?succeeded:string 2*?failed:string
api.coordination.v1.Lease 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.coordination.v1.LeaseSpec
api.coordination.v1.LeaseSpec 1holderIdentity:string 2leaseDurationSeconds:int32 3acquireTime:apimachinery.meta.v1.MicroTime 4renewTime:apimachinery.meta.v1.MicroTime 5leaseTransitions:int32 6strategy:string 7preferredHolder:string
api.core.v1.AWSElasticBlockStoreVolumeSource 1volumeID:string 2?fsType:string 3?partition:int32 4?readOnly:bool
api.core.v1.Affinity 1nodeAffinity:api.core.v1.NodeAffinity 2podAffinity:api.core.v1.PodAffinity 3podAntiAffinity:api.core.v1.PodAntiAffinity
api.core.v1.AppArmorProfile 1type:string 2localhostProfile:string
api.core.v1.AttachedVolume 1name:string 2devicePath:string
api.core.v1.AzureDiskVolumeSource 1diskName:string 2diskURI:string 3cachingMode:string 4fsType:string 5readOnly:bool 6kind:string
api.core.v1.AzureFilePersistentVolumeSource 1secretName:string 2shareName:string 3?readOnly:bool 4secretNamespace:string
api.core.v1.AzureFileVolumeSource 1secretName:string 2shareName:string 3?readOnly:bool
api.core.v1.Binding 1?metadata:apimachinery.meta.v1.ObjectMeta 2target:api.core.v1.ObjectReference
api.core.v1.CSIPersistentVolumeSource 1driver:string 2volumeHandle:string 3?readOnly:bool 4?fsType:string 5%?volumeAttributes:string 6controllerPublishSecretRef:api.core.v1.SecretReference 7nodeStageSecretRef:api.core.v1.SecretReference 8nodePublishSecretRef:api.core.v1.SecretReference 9controllerExpandSecretRef:api.core.v1.SecretReference 10nodeExpandSecretRef:api.core.v1.SecretReference
api.core.v1.CSIVolumeSource 1driver:string 2readOnly:bool 3fsType:string 4%?volumeAttributes:string 5nodePublishSecretRef:api.core.v1.LocalObjectReference
api.core.v1.Capabilities 1*?add:string 2*?drop:string
api.core.v1.CephFSPersistentVolumeSource 1*monitors:string 2?path:string 3?user:string 4?secretFile:string 5secretRef:api.core.v1.SecretReference 6?readOnly:bool
api.core.v1.CephFSVolumeSource 1*monitors:string 2?path:string 3?user:string 4?secretFile:string 5secretRef:api.core.v1.LocalObjectReference 6?readOnly:bool
api.core.v1.CinderPersistentVolumeSource 1volumeID:string 2?fsType:string 3?readOnly:bool 4secretRef:api.core.v1.SecretReference
api.core.v1.CinderVolumeSource 1volumeID:string 2?fsType:string 3?readOnly:bool 4secretRef:api.core.v1.LocalObjectReference
api.core.v1.ClientIPConfig 1timeoutSeconds:int32
api.core.v1.ClusterTrustBundleProjection 1name:string 2signerName:string 3labelSelector:apimachinery.meta.v1.LabelSelector 5optional:bool 4path:string
api.core.v1.ConfigMap 1?metadata:apimachinery.meta.v1.ObjectMeta 4immutable:bool 2%?data:string 3%?binaryData:bytes
api.core.v1.ConfigMapEnvSource 1~localObjectReference:api.core.v1.LocalObjectReference 2optional:bool
api.core.v1.ConfigMapKeySelector 1~localObjectReference:api.core.v1.LocalObjectReference 2key:string 3optional:bool
api.core.v1.ConfigMapNodeConfigSource 1namespace:string 2name:string 3?uid:string 4?resourceVersion:string 5kubeletConfigKey:string
api.core.v1.ConfigMapProjection 1~localObjectReference:api.core.v1.LocalObjectReference 2*?items:api.core.v1.KeyToPath 4optional:bool
api.core.v1.ConfigMapVolumeSource 1~localObjectReference:api.core.v1.LocalObjectReference 2*?items:api.core.v1.KeyToPath 3defaultMode:int32 4optional:bool
api.core.v1.Container 1name:string 2?image:string 3*?command:string 4*?args:string 5?workingDir:string 6*?ports:api.core.v1.ContainerPort 19*?envFrom:api.core.v1.EnvFromSource 7*?env:api.core.v1.EnvVar 8?resources:api.core.v1.ResourceRequirements 23*?resizePolicy:api.core.v1.ContainerResizePolicy 24restartPolicy:string 25*?restartPolicyRules:api.core.v1.ContainerRestartRule 9*?volumeMounts:api.core.v1.VolumeMount 21*?volumeDevices:api.core.v1.VolumeDevice 10livenessProbe:api.core.v1.Probe 11readinessProbe:api.core.v1.Probe 22startupProbe:api.core.v1.Probe 12lifecycle:api.core.v1.Lifecycle 13?terminationMessagePath:string 20?terminationMessagePolicy:string 14?imagePullPolicy:string 15securityContext:api.core.v1.SecurityContext 16?stdin:bool 17?stdinOnce:bool 18?tty:bool
api.core.v1.ContainerExtendedResourceRequest 1containerName:string 2resourceName:string 3requestName:string
api.core.v1.ContainerImage 1*names:string 2?sizeBytes:int64
api.core.v1.ContainerPort 1?name:string 2?hostPort:int32 3containerPort:int32 4?protocol:string 5?hostIP:string
api.core.v1.ContainerResizePolicy 1resourceName:string 2restartPolicy:string
api.core.v1.ContainerRestartRule 1?action:string 2exitCodes:api.core.v1.ContainerRestartRuleOnExitCodes
api.core.v1.ContainerRestartRuleOnExitCodes 1?operator:string 2*?values:int32
api.core.v1.ContainerState 1waiting:api.core.v1.ContainerStateWaiting 2running:api.core.v1.ContainerStateRunning 3terminated:api.core.v1.ContainerStateTerminated
api.core.v1.ContainerStateRunning 1?startedAt:apimachinery.meta.v1.Time
api.core.v1.ContainerStateTerminated 1exitCode:int32 2?signal:int32 3?reason:string 4?message:string 5?startedAt:apimachinery.meta.v1.Time 6?finishedAt:apimachinery.meta.v1.Time 7?containerID:string
api.core.v1.ContainerStateWaiting 1?reason:string 2?message:string
api.core.v1.ContainerStatus 1name:string 2?state:api.core.v1.ContainerState 3?lastState:api.core.v1.ContainerState 4ready:bool 5restartCount:int32 6image:string 7imageID:string 8?containerID:string 9started:bool 10%?allocatedResources:apimachinery.api.resource.Quantity 11resources:api.core.v1.ResourceRequirements 12*?volumeMounts:api.core.v1.VolumeMountStatus 13user:api.core.v1.ContainerUser 14*?allocatedResourcesStatus:api.core.v1.ResourceStatus 15stopSignal:string
api.core.v1.ContainerUser 1linux:api.core.v1.LinuxContainerUser
api.core.v1.DaemonEndpoint 1Port:int32
api.core.v1.DownwardAPIProjection 1*?items:api.core.v1.DownwardAPIVolumeFile
api.core.v1.DownwardAPIVolumeFile 1path:string 2fieldRef:api.core.v1.ObjectFieldSelector 3resourceFieldRef:api.core.v1.ResourceFieldSelector 4mode:int32
api.core.v1.DownwardAPIVolumeSource 1*?items:api.core.v1.DownwardAPIVolumeFile 2defaultMode:int32
api.core.v1.EmptyDirVolumeSource 1?medium:string 2sizeLimit:apimachinery.api.resource.Quantity
api.core.v1.EndpointAddress 1ip:string 3?hostname:string 4nodeName:string 2targetRef:api.core.v1.ObjectReference
api.core.v1.EndpointPort 1?name:string 2port:int32 3?protocol:string 4appProtocol:string
api.core.v1.EndpointSubset 1*?addresses:api.core.v1.EndpointAddress 2*?notReadyAddresses:api.core.v1.EndpointAddress 3*?ports:api.core.v1.EndpointPort
api.core.v1.Endpoints 1?metadata:apimachinery.meta.v1.ObjectMeta 2*?subsets:api.core.v1.EndpointSubset
api.core.v1.EnvFromSource 1?prefix:string 2configMapRef:api.core.v1.ConfigMapEnvSource 3secretRef:api.core.v1.SecretEnvSource
api.core.v1.EnvVar 1name:string 2?value:string 3valueFrom:api.core.v1.EnvVarSource
api.core.v1.EnvVarSource 1fieldRef:api.core.v1.ObjectFieldSelector 2resourceFieldRef:api.core.v1.ResourceFieldSelector 3configMapKeyRef:api.core.v1.ConfigMapKeySelector 4secretKeyRef:api.core.v1.SecretKeySelector 5fileKeyRef:api.core.v1.FileKeySelector
api.core.v1.EphemeralContainer 1~ephemeralContainerCommon:api.core.v1.EphemeralContainerCommon 2?targetContainerName:string
api.core.v1.EphemeralContainerCommon 1name:string 2?image:string 3*?command:string 4*?args:string 5?workingDir:string 6*?ports:api.core.v1.ContainerPort 19*?envFrom:api.core.v1.EnvFromSource 7*?env:api.core.v1.EnvVar 8?resources:api.core.v1.ResourceRequirements 23*?resizePolicy:api.core.v1.ContainerResizePolicy 24restartPolicy:string 25*?restartPolicyRules:api.core.v1.ContainerRestartRule 9*?volumeMounts:api.core.v1.VolumeMount 21*?volumeDevices:api.core.v1.VolumeDevice 10livenessProbe:api.core.v1.Probe 11readinessProbe:api.core.v1.Probe 22startupProbe:api.core.v1.Probe 12lifecycle:api.core.v1.Lifecycle 13?terminationMessagePath:string 20?terminationMessagePolicy:string 14?imagePullPolicy:string 15securityContext:api.core.v1.SecurityContext 16?stdin:bool 17?stdinOnce:bool 18?tty:bool
api.core.v1.EphemeralVolumeSource 1volumeClaimTemplate:api.core.v1.PersistentVolumeClaimTemplate
api.core.v1.Event 1metadata:apimachinery.meta.v1.ObjectMeta 2involvedObject:api.core.v1.ObjectReference 3?reason:string 4?message:string 5?source:api.core.v1.EventSource 6?firstTimestamp:apimachinery.meta.v1.Time 7?lastTimestamp:apimachinery.meta.v1.Time 8?count:int32 9?type:string 10?eventTime:apimachinery.meta.v1.MicroTime 11series:api.core.v1.EventSeries 12?action:string 13related:api.core.v1.ObjectReference 14reportingComponent:string 15reportingInstance:string
api.core.v1.EventSeries 1?count:int32 2?lastObservedTime:apimachinery.meta.v1.MicroTime
api.core.v1.EventSource 1?component:string 2?host:string
api.core.v1.ExecAction 1*?command:string
api.core.v1.FCVolumeSource 1*?targetWWNs:string 2lun:int32 3?fsType:string 4?readOnly:bool 5*?wwids:string
api.core.v1.FileKeySelector 1volumeName:string 2path:string 3key:string 4optional:bool
api.core.v1.FlexPersistentVolumeSource 1driver:string 2?fsType:string 3secretRef:api.core.v1.SecretReference 4?readOnly:bool 5%?options:string
api.core.v1.FlexVolumeSource 1driver:string 2?fsType:string 3secretRef:api.core.v1.LocalObjectReference 4?readOnly:bool 5%?options:string
api.core.v1.FlockerVolumeSource 1?datasetName:string 2?datasetUUID:string
api.core.v1.GCEPersistentDiskVolumeSource 1pdName:string 2?fsType:string 3?partition:int32 4?readOnly:bool
api.core.v1.GRPCAction 1port:int32 2service:string
api.core.v1.GitRepoVolumeSource 1repository:string 2?revision:string 3?directory:string
api.core.v1.GlusterfsPersistentVolumeSource 1endpoints:string 2path:string 3?readOnly:bool 4endpointsNamespace:string
api.core.v1.GlusterfsVolumeSource 1endpoints:string 2path:string 3?readOnly:bool
api.core.v1.HTTPGetAction 1?path:string 2port:apimachinery.util.intstr.IntOrString 3?host:string 4?scheme:string 5*?httpHeaders:api.core.v1.HTTPHeader
api.core.v1.HTTPHeader 1name:string 2value:string
api.core.v1.HostAlias 1ip:string 2*?hostnames:string
api.core.v1.HostIP 1ip:string
api.core.v1.HostPathVolumeSource 1path:string 2type:string
api.core.v1.ISCSIPersistentVolumeSource 1targetPortal:string 2iqn:string 3lun:int32 4?iscsiInterface:string 5?fsType:string 6?readOnly:bool 7*?portals:string 8?chapAuthDiscovery:bool 11?chapAuthSession:bool 10secretRef:api.core.v1.SecretReference 12initiatorName:string
api.core.v1.ISCSIVolumeSource 1targetPortal:string 2iqn:string 3lun:int32 4?iscsiInterface:string 5?fsType:string 6?readOnly:bool 7*?portals:string 8?chapAuthDiscovery:bool 11?chapAuthSession:bool 10secretRef:api.core.v1.LocalObjectReference 12initiatorName:string
api.core.v1.ImageVolumeSource 1?reference:string 2?pullPolicy:string
api.core.v1.ImageVolumeStatus 1?imageRef:string
api.core.v1.KeyToPath 1key:string 2path:string 3mode:int32
api.core.v1.Lifecycle 1postStart:api.core.v1.LifecycleHandler 2preStop:api.core.v1.LifecycleHandler 3stopSignal:string
api.core.v1.LifecycleHandler 1exec:api.core.v1.ExecAction 2httpGet:api.core.v1.HTTPGetAction 3tcpSocket:api.core.v1.TCPSocketAction 4sleep:api.core.v1.SleepAction
api.core.v1.LimitRange 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.LimitRangeSpec
api.core.v1.LimitRangeItem 1type:string 2%?max:apimachinery.api.resource.Quantity 3%?min:apimachinery.api.resource.Quantity 4%?default:apimachinery.api.resource.Quantity 5%?defaultRequest:apimachinery.api.resource.Quantity 6%?maxLimitRequestRatio:apimachinery.api.resource.Quantity
api.core.v1.LimitRangeSpec 1*limits:api.core.v1.LimitRangeItem
api.core.v1.LinuxContainerUser 1uid:int64 2gid:int64 3*?supplementalGroups:int64
api.core.v1.LoadBalancerIngress 1?ip:string 2?hostname:string 3ipMode:string 4*?ports:api.core.v1.PortStatus
api.core.v1.LoadBalancerStatus 1*?ingress:api.core.v1.LoadBalancerIngress
api.core.v1.LocalObjectReference 1?name:string
api.core.v1.LocalVolumeSource 1path:string 2fsType:string
api.core.v1.ModifyVolumeStatus 1?targetVolumeAttributesClassName:string 2status:string
api.core.v1.NFSVolumeSource 1server:string 2path:string 3?readOnly:bool
api.core.v1.Namespace 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.NamespaceSpec 3?status:api.core.v1.NamespaceStatus
api.core.v1.NamespaceCondition 1type:string 2status:string 4?lastTransitionTime:apimachinery.meta.v1.Time 5?reason:string 6?message:string
api.core.v1.NamespaceSpec 1*?finalizers:string
api.core.v1.NamespaceStatus 1?phase:string 2*?conditions:api.core.v1.NamespaceCondition
api.core.v1.Node 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.NodeSpec 3?status:api.core.v1.NodeStatus
api.core.v1.NodeAddress 1type:string 2address:string
api.core.v1.NodeAffinity 1requiredDuringSchedulingIgnoredDuringExecution:api.core.v1.NodeSelector 2*?preferredDuringSchedulingIgnoredDuringExecution:api.core.v1.PreferredSchedulingTerm
api.core.v1.NodeAllocatableResourceClaimStatus 1resourceClaimName:string 2*?containers:string 3%resources:apimachinery.api.resource.Quantity
api.core.v1.NodeCondition 1type:string 2status:string 3?lastHeartbeatTime:apimachinery.meta.v1.Time 4?lastTransitionTime:apimachinery.meta.v1.Time 5?reason:string 6?message:string
api.core.v1.NodeConfigSource 2configMap:api.core.v1.ConfigMapNodeConfigSource
api.core.v1.NodeConfigStatus 1assigned:api.core.v1.NodeConfigSource 2active:api.core.v1.NodeConfigSource 3lastKnownGood:api.core.v1.NodeConfigSource 4?error:string
api.core.v1.NodeDaemonEndpoints 1?kubeletEndpoint:api.core.v1.DaemonEndpoint
api.core.v1.NodeFeatures 1supplementalGroupsPolicy:bool
api.core.v1.NodeRuntimeHandler 1name:string 2features:api.core.v1.NodeRuntimeHandlerFeatures
api.core.v1.NodeRuntimeHandlerFeatures 1recursiveReadOnlyMounts:bool 2userNamespaces:bool
api.core.v1.NodeSelector 1*nodeSelectorTerms:api.core.v1.NodeSelectorTerm
api.core.v1.NodeSelectorRequirement 1key:string 2operator:string 3*?values:string
api.core.v1.NodeSelectorTerm 1*?matchExpressions:api.core.v1.NodeSelectorRequirement 2*?matchFields:api.core.v1.NodeSelectorRequirement
api.core.v1.NodeSpec 1?podCIDR:string 7*?podCIDRs:string 3?providerID:string 4?unschedulable:bool 5*?taints:api.core.v1.Taint 6configSource:api.core.v1.NodeConfigSource 2?externalID:string
api.core.v1.NodeStatus 1%?capacity:apimachinery.api.resource.Quantity 2%?allocatable:apimachinery.api.resource.Quantity 3?phase:string 4*?conditions:api.core.v1.NodeCondition 5*?addresses:api.core.v1.NodeAddress 6?daemonEndpoints:api.core.v1.NodeDaemonEndpoints 7?nodeInfo:api.core.v1.NodeSystemInfo 8*?images:api.core.v1.ContainerImage 9*?volumesInUse:string 10*?volumesAttached:api.core.v1.AttachedVolume 11config:api.core.v1.NodeConfigStatus 12*?runtimeHandlers:api.core.v1.NodeRuntimeHandler 13features:api.core.v1.NodeFeatures 14*?declaredFeatures:string
api.core.v1.NodeSwapStatus 1capacity:int64
api.core.v1.NodeSystemInfo 1machineID:string 2systemUUID:string 3bootID:string 4kernelVersion:string 5osImage:string 6containerRuntimeVersion:string 7kubeletVersion:string 8kubeProxyVersion:string 9operatingSystem:string 10architecture:string 11swap:api.core.v1.NodeSwapStatus
api.core.v1.ObjectFieldSelector 1?apiVersion:string 2fieldPath:string
api.core.v1.ObjectReference 1?kind:string 2?namespace:string 3?name:string 4?uid:string 5?apiVersion:string 6?resourceVersion:string 7?fieldPath:string
api.core.v1.PersistentVolume 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.PersistentVolumeSpec 3?status:api.core.v1.PersistentVolumeStatus
api.core.v1.PersistentVolumeClaim 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.PersistentVolumeClaimSpec 3?status:api.core.v1.PersistentVolumeClaimStatus
api.core.v1.PersistentVolumeClaimCondition 1type:string 2status:string 3?lastProbeTime:apimachinery.meta.v1.Time 4?lastTransitionTime:apimachinery.meta.v1.Time 5?reason:string 6?message:string
api.core.v1.PersistentVolumeClaimSpec 1*?accessModes:string 4selector:apimachinery.meta.v1.LabelSelector 2?resources:api.core.v1.VolumeResourceRequirements 3?volumeName:string 5storageClassName:string 6volumeMode:string 7dataSource:api.core.v1.TypedLocalObjectReference 8dataSourceRef:api.core.v1.TypedObjectReference 9volumeAttributesClassName:string
api.core.v1.PersistentVolumeClaimStatus 1?phase:string 2*?accessModes:string 3%?capacity:apimachinery.api.resource.Quantity 4*?conditions:api.core.v1.PersistentVolumeClaimCondition 5%?allocatedResources:apimachinery.api.resource.Quantity 7%?allocatedResourceStatuses:string 8currentVolumeAttributesClassName:string 9modifyVolumeStatus:api.core.v1.ModifyVolumeStatus
api.core.v1.PersistentVolumeClaimTemplate 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:api.core.v1.PersistentVolumeClaimSpec
api.core.v1.PersistentVolumeClaimVolumeSource 1claimName:string 2?readOnly:bool
api.core.v1.PersistentVolumeSource 1gcePersistentDisk:api.core.v1.GCEPersistentDiskVolumeSource 2awsElasticBlockStore:api.core.v1.AWSElasticBlockStoreVolumeSource 3hostPath:api.core.v1.HostPathVolumeSource 4glusterfs:api.core.v1.GlusterfsPersistentVolumeSource 5nfs:api.core.v1.NFSVolumeSource 6rbd:api.core.v1.RBDPersistentVolumeSource 7iscsi:api.core.v1.ISCSIPersistentVolumeSource 8cinder:api.core.v1.CinderPersistentVolumeSource 9cephfs:api.core.v1.CephFSPersistentVolumeSource 10fc:api.core.v1.FCVolumeSource 11flocker:api.core.v1.FlockerVolumeSource 12flexVolume:api.core.v1.FlexPersistentVolumeSource 13azureFile:api.core.v1.AzureFilePersistentVolumeSource 14vsphereVolume:api.core.v1.VsphereVirtualDiskVolumeSource 15quobyte:api.core.v1.QuobyteVolumeSource 16azureDisk:api.core.v1.AzureDiskVolumeSource 17photonPersistentDisk:api.core.v1.PhotonPersistentDiskVolumeSource 18portworxVolume:api.core.v1.PortworxVolumeSource 19scaleIO:api.core.v1.ScaleIOPersistentVolumeSource 20local:api.core.v1.LocalVolumeSource 21storageos:api.core.v1.StorageOSPersistentVolumeSource 22csi:api.core.v1.CSIPersistentVolumeSource
api.core.v1.PersistentVolumeSpec 1%?capacity:apimachinery.api.resource.Quantity 2~persistentVolumeSource:api.core.v1.PersistentVolumeSource 3*?accessModes:string 4claimRef:api.core.v1.ObjectReference 5?persistentVolumeReclaimPolicy:string 6?storageClassName:string 7*?mountOptions:string 8volumeMode:string 9nodeAffinity:api.core.v1.VolumeNodeAffinity 10volumeAttributesClassName:string
api.core.v1.PersistentVolumeStatus 1?phase:string 2?message:string 3?reason:string 4lastPhaseTransitionTime:apimachinery.meta.v1.Time
api.core.v1.PhotonPersistentDiskVolumeSource 1pdID:string 2?fsType:string
api.core.v1.Pod 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.PodSpec 3?status:api.core.v1.PodStatus
api.core.v1.PodAffinity 1*?requiredDuringSchedulingIgnoredDuringExecution:api.core.v1.PodAffinityTerm 2*?preferredDuringSchedulingIgnoredDuringExecution:api.core.v1.WeightedPodAffinityTerm
api.core.v1.PodAffinityTerm 1labelSelector:apimachinery.meta.v1.LabelSelector 2*?namespaces:string 3topologyKey:string 4namespaceSelector:apimachinery.meta.v1.LabelSelector 5*?matchLabelKeys:string 6*?mismatchLabelKeys:string
api.core.v1.PodAntiAffinity 1*?requiredDuringSchedulingIgnoredDuringExecution:api.core.v1.PodAffinityTerm 2*?preferredDuringSchedulingIgnoredDuringExecution:api.core.v1.WeightedPodAffinityTerm
api.core.v1.PodCertificateProjection 1?signerName:string 2?keyType:string 3maxExpirationSeconds:int32 4?credentialBundlePath:string 5?keyPath:string 6?certificateChainPath:string 7%?userAnnotations:string
api.core.v1.PodCondition 1type:string 7?observedGeneration:int64 2status:string 3?lastProbeTime:apimachinery.meta.v1.Time 4?lastTransitionTime:apimachinery.meta.v1.Time 5?reason:string 6?message:string
api.core.v1.PodDNSConfig 1*?nameservers:string 2*?searches:string 3*?options:api.core.v1.PodDNSConfigOption
api.core.v1.PodDNSConfigOption 1?name:string 2value:string
api.core.v1.PodExtendedResourceClaimStatus 1*requestMappings:api.core.v1.ContainerExtendedResourceRequest 2resourceClaimName:string
api.core.v1.PodIP 1ip:string
api.core.v1.PodOS 1name:string
api.core.v1.PodReadinessGate 1conditionType:string
api.core.v1.PodResourceClaim 1name:string 3resourceClaimName:string 4resourceClaimTemplateName:string
api.core.v1.PodResourceClaimStatus 1name:string 2resourceClaimName:string
api.core.v1.PodSchedulingGate 1name:string
api.core.v1.PodSchedulingGroup 1podGroupName:string
api.core.v1.PodSecurityContext 1seLinuxOptions:api.core.v1.SELinuxOptions 8windowsOptions:api.core.v1.WindowsSecurityContextOptions 2runAsUser:int64 6runAsGroup:int64 3runAsNonRoot:bool 4*?supplementalGroups:int64 12supplementalGroupsPolicy:string 5fsGroup:int64 7*?sysctls:api.core.v1.Sysctl 9fsGroupChangePolicy:string 10seccompProfile:api.core.v1.SeccompProfile 11appArmorProfile:api.core.v1.AppArmorProfile 13seLinuxChangePolicy:string
api.core.v1.PodSpec 1*?volumes:api.core.v1.Volume 20*?initContainers:api.core.v1.Container 2*containers:api.core.v1.Container 34*?ephemeralContainers:api.core.v1.EphemeralContainer 3?restartPolicy:string 4terminationGracePeriodSeconds:int64 5activeDeadlineSeconds:int64 6?dnsPolicy:string 7%?nodeSelector:string 8?serviceAccountName:string 9?serviceAccount:string 21automountServiceAccountToken:bool 10?nodeName:string 11?hostNetwork:bool 12?hostPID:bool 13?hostIPC:bool 27shareProcessNamespace:bool 14securityContext:api.core.v1.PodSecurityContext 15*?imagePullSecrets:api.core.v1.LocalObjectReference 16?hostname:string 17?subdomain:string 18affinity:api.core.v1.Affinity 19?schedulerName:string 22*?tolerations:api.core.v1.Toleration 23*?hostAliases:api.core.v1.HostAlias 24?priorityClassName:string 25priority:int32 26dnsConfig:api.core.v1.PodDNSConfig 28*?readinessGates:api.core.v1.PodReadinessGate 29runtimeClassName:string 30enableServiceLinks:bool 31preemptionPolicy:string 32%?overhead:apimachinery.api.resource.Quantity 33*?topologySpreadConstraints:api.core.v1.TopologySpreadConstraint 35setHostnameAsFQDN:bool 36os:api.core.v1.PodOS 37hostUsers:bool 38*?schedulingGates:api.core.v1.PodSchedulingGate 39*?resourceClaims:api.core.v1.PodResourceClaim 40resources:api.core.v1.ResourceRequirements 41hostnameOverride:string 43schedulingGroup:api.core.v1.PodSchedulingGroup
api.core.v1.PodStatus 17?observedGeneration:int64 1?phase:string 2*?conditions:api.core.v1.PodCondition 3?message:string 4?reason:string 11?nominatedNodeName:string 5?hostIP:string 16*?hostIPs:api.core.v1.HostIP 6?podIP:string 12*?podIPs:api.core.v1.PodIP 7startTime:apimachinery.meta.v1.Time 10*?initContainerStatuses:api.core.v1.ContainerStatus 8*?containerStatuses:api.core.v1.ContainerStatus 9?qosClass:string 13*?ephemeralContainerStatuses:api.core.v1.ContainerStatus 14?resize:string 15*?resourceClaimStatuses:api.core.v1.PodResourceClaimStatus 18extendedResourceClaimStatus:api.core.v1.PodExtendedResourceClaimStatus 19%?allocatedResources:apimachinery.api.resource.Quantity 20resources:api.core.v1.ResourceRequirements 21*?nodeAllocatableResourceClaimStatuses:api.core.v1.NodeAllocatableResourceClaimStatus
api.core.v1.PodTemplateSpec 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.PodSpec
api.core.v1.PortStatus 1port:int32 2protocol:string 3error:string
api.core.v1.PortworxVolumeSource 1volumeID:string 2?fsType:string 3?readOnly:bool
api.core.v1.PreferredSchedulingTerm 1weight:int32 2preference:api.core.v1.NodeSelectorTerm
api.core.v1.Probe 1~handler:api.core.v1.ProbeHandler 2?initialDelaySeconds:int32 3?timeoutSeconds:int32 4?periodSeconds:int32 5?successThreshold:int32 6?failureThreshold:int32 7terminationGracePeriodSeconds:int64
api.core.v1.ProbeHandler 1exec:api.core.v1.ExecAction 2httpGet:api.core.v1.HTTPGetAction 3tcpSocket:api.core.v1.TCPSocketAction 4grpc:api.core.v1.GRPCAction
api.core.v1.ProjectedVolumeSource 1*sources:api.core.v1.VolumeProjection 2defaultMode:int32
api.core.v1.QuobyteVolumeSource 1registry:string 2volume:string 3?readOnly:bool 4?user:string 5?group:string 6?tenant:string
api.core.v1.RBDPersistentVolumeSource 1*monitors:string 2image:string 3?fsType:string 4?pool:string 5?user:string 6?keyring:string 7secretRef:api.core.v1.SecretReference 8?readOnly:bool
api.core.v1.RBDVolumeSource 1*monitors:string 2image:string 3?fsType:string 4?pool:string 5?user:string 6?keyring:string 7secretRef:api.core.v1.LocalObjectReference 8?readOnly:bool
api.core.v1.ResourceClaim 1name:string 2?request:string
api.core.v1.ResourceFieldSelector 1?containerName:string 2resource:string 3?divisor:apimachinery.api.resource.Quantity
api.core.v1.ResourceHealth 1resourceID:string 2?health:string 6message:string
api.core.v1.ResourceQuota 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.ResourceQuotaSpec 3?status:api.core.v1.ResourceQuotaStatus
api.core.v1.ResourceQuotaSpec 1%?hard:apimachinery.api.resource.Quantity 2*?scopes:string 3scopeSelector:api.core.v1.ScopeSelector
api.core.v1.ResourceQuotaStatus 1%?hard:apimachinery.api.resource.Quantity 2%?used:apimachinery.api.resource.Quantity
api.core.v1.ResourceRequirements 1%?limits:apimachinery.api.resource.Quantity 2%?requests:apimachinery.api.resource.Quantity 3*?claims:api.core.v1.ResourceClaim
api.core.v1.ResourceStatus 1name:string 2*?resources:api.core.v1.ResourceHealth
api.core.v1.SELinuxOptions 1?user:string 2?role:string 3?type:string 4?level:string
api.core.v1.ScaleIOPersistentVolumeSource 1gateway:string 2system:string 3secretRef:api.core.v1.SecretReference 4?sslEnabled:bool 5?protectionDomain:string 6?storagePool:string 7?storageMode:string 8?volumeName:string 9?fsType:string 10?readOnly:bool
api.core.v1.ScaleIOVolumeSource 1gateway:string 2system:string 3secretRef:api.core.v1.LocalObjectReference 4?sslEnabled:bool 5?protectionDomain:string 6?storagePool:string 7?storageMode:string 8?volumeName:string 9?fsType:string 10?readOnly:bool
api.core.v1.ScopeSelector 1*?matchExpressions:api.core.v1.ScopedResourceSelectorRequirement
api.core.v1.ScopedResourceSelectorRequirement 1scopeName:string 2operator:string 3*?values:string
api.core.v1.SeccompProfile 1type:string 2localhostProfile:string
api.core.v1.Secret 1?metadata:apimachinery.meta.v1.ObjectMeta 5immutable:bool 2%?data:bytes 4%?stringData:string 3?type:string
api.core.v1.SecretEnvSource 1~localObjectReference:api.core.v1.LocalObjectReference 2optional:bool
api.core.v1.SecretKeySelector 1~localObjectReference:api.core.v1.LocalObjectReference 2key:string 3optional:bool
api.core.v1.SecretProjection 1~localObjectReference:api.core.v1.LocalObjectReference 2*?items:api.core.v1.KeyToPath 4optional:bool
api.core.v1.SecretReference 1?name:string 2?namespace:string
api.core.v1.SecretVolumeSource 1?secretName:string 2*?items:api.core.v1.KeyToPath 3defaultMode:int32 4optional:bool
api.core.v1.SecurityContext 1capabilities:api.core.v1.Capabilities 2privileged:bool 3seLinuxOptions:api.core.v1.SELinuxOptions 10windowsOptions:api.core.v1.WindowsSecurityContextOptions 4runAsUser:int64 8runAsGroup:int64 5runAsNonRoot:bool 6readOnlyRootFilesystem:bool 7allowPrivilegeEscalation:bool 9procMount:string 11seccompProfile:api.core.v1.SeccompProfile 12appArmorProfile:api.core.v1.AppArmorProfile
api.core.v1.Service 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.core.v1.ServiceSpec 3?status:api.core.v1.ServiceStatus
api.core.v1.ServiceAccount 1?metadata:apimachinery.meta.v1.ObjectMeta 2*?secrets:api.core.v1.ObjectReference 3*?imagePullSecrets:api.core.v1.LocalObjectReference 4automountServiceAccountToken:bool
api.core.v1.ServiceAccountTokenProjection 1?audience:string 2expirationSeconds:int64 3path:string
api.core.v1.ServicePort 1?name:string 2?protocol:string 6appProtocol:string 3port:int32 4?targetPort:apimachinery.util.intstr.IntOrString 5?nodePort:int32
api.core.v1.ServiceSpec 1*?ports:api.core.v1.ServicePort 2%?selector:string 3?clusterIP:string 18*?clusterIPs:string 4?type:string 5*?externalIPs:string 7?sessionAffinity:string 8?loadBalancerIP:string 9*?loadBalancerSourceRanges:string 10?externalName:string 11?externalTrafficPolicy:string 12?healthCheckNodePort:int32 13?publishNotReadyAddresses:bool 14sessionAffinityConfig:api.core.v1.SessionAffinityConfig 19*?ipFamilies:string 17ipFamilyPolicy:string 20allocateLoadBalancerNodePorts:bool 21loadBalancerClass:string 22internalTrafficPolicy:string 23trafficDistribution:string
api.core.v1.ServiceStatus 1?loadBalancer:api.core.v1.LoadBalancerStatus 2*?conditions:apimachinery.meta.v1.Condition
api.core.v1.SessionAffinityConfig 1clientIP:api.core.v1.ClientIPConfig
api.core.v1.SleepAction 1seconds:int64
api.core.v1.StorageOSPersistentVolumeSource 1?volumeName:string 2?volumeNamespace:string 3?fsType:string 4?readOnly:bool 5secretRef:api.core.v1.ObjectReference
api.core.v1.StorageOSVolumeSource 1?volumeName:string 2?volumeNamespace:string 3?fsType:string 4?readOnly:bool 5secretRef:api.core.v1.LocalObjectReference
api.core.v1.Sysctl 1name:string 2value:string
api.core.v1.TCPSocketAction 1port:apimachinery.util.intstr.IntOrString 2?host:string
api.core.v1.Taint 1key:string 2?value:string 3effect:string 4timeAdded:apimachinery.meta.v1.Time
api.core.v1.Toleration 1?key:string 2?operator:string 3?value:string 4?effect:string 5tolerationSeconds:int64
api.core.v1.TopologySelectorLabelRequirement 1key:string 2*values:string
api.core.v1.TopologySelectorTerm 1*?matchLabelExpressions:api.core.v1.TopologySelectorLabelRequirement
api.core.v1.TopologySpreadConstraint 1maxSkew:int32 2topologyKey:string 3whenUnsatisfiable:string 4labelSelector:apimachinery.meta.v1.LabelSelector 5minDomains:int32 6nodeAffinityPolicy:string 7nodeTaintsPolicy:string 8*?matchLabelKeys:string
api.core.v1.TypedLocalObjectReference 1apiGroup:string 2kind:string 3name:string
api.core.v1.TypedObjectReference 1apiGroup:string 2kind:string 3name:string 4namespace:string
api.core.v1.Volume 1name:string 2~volumeSource:api.core.v1.VolumeSource
api.core.v1.VolumeDevice 1name:string 2devicePath:string
api.core.v1.VolumeMount 1name:string 2?readOnly:bool 7recursiveReadOnly:string 3mountPath:string 4?subPath:string 5mountPropagation:string 6?subPathExpr:string
api.core.v1.VolumeMountStatus 1name:string 2mountPath:string 3?readOnly:bool 4recursiveReadOnly:string 5volumeStatus:api.core.v1.VolumeStatus
api.core.v1.VolumeNodeAffinity 1required:api.core.v1.NodeSelector
api.core.v1.VolumeProjection 1secret:api.core.v1.SecretProjection 2downwardAPI:api.core.v1.DownwardAPIProjection 3configMap:api.core.v1.ConfigMapProjection 4serviceAccountToken:api.core.v1.ServiceAccountTokenProjection 5clusterTrustBundle:api.core.v1.ClusterTrustBundleProjection 6podCertificate:api.core.v1.PodCertificateProjection
api.core.v1.VolumeResourceRequirements 1%?limits:apimachinery.api.resource.Quantity 2%?requests:apimachinery.api.resource.Quantity
api.core.v1.VolumeSource 1hostPath:api.core.v1.HostPathVolumeSource 2emptyDir:api.core.v1.EmptyDirVolumeSource 3gcePersistentDisk:api.core.v1.GCEPersistentDiskVolumeSource 4awsElasticBlockStore:api.core.v1.AWSElasticBlockStoreVolumeSource 5gitRepo:api.core.v1.GitRepoVolumeSource 6secret:api.core.v1.SecretVolumeSource 7nfs:api.core.v1.NFSVolumeSource 8iscsi:api.core.v1.ISCSIVolumeSource 9glusterfs:api.core.v1.GlusterfsVolumeSource 10persistentVolumeClaim:api.core.v1.PersistentVolumeClaimVolumeSource 11rbd:api.core.v1.RBDVolumeSource 12flexVolume:api.core.v1.FlexVolumeSource 13cinder:api.core.v1.CinderVolumeSource 14cephfs:api.core.v1.CephFSVolumeSource 15flocker:api.core.v1.FlockerVolumeSource 16downwardAPI:api.core.v1.DownwardAPIVolumeSource 17fc:api.core.v1.FCVolumeSource 18azureFile:api.core.v1.AzureFileVolumeSource 19configMap:api.core.v1.ConfigMapVolumeSource 20vsphereVolume:api.core.v1.VsphereVirtualDiskVolumeSource 21quobyte:api.core.v1.QuobyteVolumeSource 22azureDisk:api.core.v1.AzureDiskVolumeSource 23photonPersistentDisk:api.core.v1.PhotonPersistentDiskVolumeSource 26projected:api.core.v1.ProjectedVolumeSource 24portworxVolume:api.core.v1.PortworxVolumeSource 25scaleIO:api.core.v1.ScaleIOVolumeSource 27storageos:api.core.v1.StorageOSVolumeSource 28csi:api.core.v1.CSIVolumeSource 29ephemeral:api.core.v1.EphemeralVolumeSource 30image:api.core.v1.ImageVolumeSource
api.core.v1.VolumeStatus 1image:api.core.v1.ImageVolumeStatus
api.core.v1.VsphereVirtualDiskVolumeSource 1volumePath:string 2?fsType:string 3?storagePolicyName:string 4?storagePolicyID:string
api.core.v1.WeightedPodAffinityTerm 1weight:int32 2podAffinityTerm:api.core.v1.PodAffinityTerm
api.core.v1.WindowsSecurityContextOptions 1gmsaCredentialSpecName:string 2gmsaCredentialSpec:string 3runAsUserName:string 4hostProcess:bool
api.discovery.v1.Endpoint 1*addresses:string 2?conditions:api.discovery.v1.EndpointConditions 3hostname:string 4targetRef:api.core.v1.ObjectReference 5%?deprecatedTopology:string 6nodeName:string 7zone:string 8hints:api.discovery.v1.EndpointHints
api.discovery.v1.EndpointConditions 1ready:bool 2serving:bool 3terminating:bool
api.discovery.v1.EndpointHints 1*?forZones:api.discovery.v1.ForZone 2*?forNodes:api.discovery.v1.ForNode
api.discovery.v1.EndpointPort 1name:string 2protocol:string 3port:int32 4appProtocol:string
api.discovery.v1.EndpointSlice 1?metadata:apimachinery.meta.v1.ObjectMeta 4addressType:string 2*endpoints:api.discovery.v1.Endpoint 3*ports:api.discovery.v1.EndpointPort
api.discovery.v1.ForNode 1name:string
api.discovery.v1.ForZone 1name:string
api.events.v1.Event 1metadata:apimachinery.meta.v1.ObjectMeta 2eventTime:apimachinery.meta.v1.MicroTime 3series:api.events.v1.EventSeries 4?reportingController:string 5?reportingInstance:string 6?action:string 7?reason:string 8?regarding:api.core.v1.ObjectReference 9related:api.core.v1.ObjectReference 10?note:string 11?type:string 12?deprecatedSource:api.core.v1.EventSource 13?deprecatedFirstTimestamp:apimachinery.meta.v1.Time 14?deprecatedLastTimestamp:apimachinery.meta.v1.Time 15?deprecatedCount:int32
api.events.v1.EventSeries 1count:int32 2lastObservedTime:apimachinery.meta.v1.MicroTime
api.networking.v1.HTTPIngressPath 1?path:string 3pathType:string 2backend:api.networking.v1.IngressBackend
api.networking.v1.HTTPIngressRuleValue 1*paths:api.networking.v1.HTTPIngressPath
api.networking.v1.IPBlock 1cidr:string 2*?except:string
api.networking.v1.Ingress 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.networking.v1.IngressSpec 3?status:api.networking.v1.IngressStatus
api.networking.v1.IngressBackend 4service:api.networking.v1.IngressServiceBackend 3resource:api.core.v1.TypedLocalObjectReference
api.networking.v1.IngressClass 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.networking.v1.IngressClassSpec
api.networking.v1.IngressClassParametersReference 1apiGroup:string 2kind:string 3name:string 4scope:string 5namespace:string
api.networking.v1.IngressClassSpec 1?controller:string 2parameters:api.networking.v1.IngressClassParametersReference
api.networking.v1.IngressLoadBalancerIngress 1?ip:string 2?hostname:string 4*?ports:api.networking.v1.IngressPortStatus
api.networking.v1.IngressLoadBalancerStatus 1*?ingress:api.networking.v1.IngressLoadBalancerIngress
api.networking.v1.IngressPortStatus 1port:int32 2protocol:string 3error:string
api.networking.v1.IngressRule 1?host:string 2~ingressRuleValue:api.networking.v1.IngressRuleValue
api.networking.v1.IngressRuleValue 1http:api.networking.v1.HTTPIngressRuleValue
api.networking.v1.IngressServiceBackend 1name:string 2?port:api.networking.v1.ServiceBackendPort
api.networking.v1.IngressSpec 4ingressClassName:string 1defaultBackend:api.networking.v1.IngressBackend 2*?tls:api.networking.v1.IngressTLS 3*?rules:api.networking.v1.IngressRule
api.networking.v1.IngressStatus 1?loadBalancer:api.networking.v1.IngressLoadBalancerStatus
api.networking.v1.IngressTLS 1*?hosts:string 2?secretName:string
api.networking.v1.NetworkPolicy 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.networking.v1.NetworkPolicySpec
api.networking.v1.NetworkPolicyEgressRule 1*?ports:api.networking.v1.NetworkPolicyPort 2*?to:api.networking.v1.NetworkPolicyPeer
api.networking.v1.NetworkPolicyIngressRule 1*?ports:api.networking.v1.NetworkPolicyPort 2*?from:api.networking.v1.NetworkPolicyPeer
api.networking.v1.NetworkPolicyPeer 1podSelector:apimachinery.meta.v1.LabelSelector 2namespaceSelector:apimachinery.meta.v1.LabelSelector 3ipBlock:api.networking.v1.IPBlock
api.networking.v1.NetworkPolicyPort 1protocol:string 2port:apimachinery.util.intstr.IntOrString 3endPort:int32
api.networking.v1.NetworkPolicySpec 1podSelector:apimachinery.meta.v1.LabelSelector 2*?ingress:api.networking.v1.NetworkPolicyIngressRule 3*?egress:api.networking.v1.NetworkPolicyEgressRule 4*?policyTypes:string
api.networking.v1.ServiceBackendPort 1?name:string 2?number:int32
api.policy.v1.Eviction 1?metadata:apimachinery.meta.v1.ObjectMeta 2deleteOptions:apimachinery.meta.v1.DeleteOptions
api.policy.v1.PodDisruptionBudget 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:api.policy.v1.PodDisruptionBudgetSpec 3?status:api.policy.v1.PodDisruptionBudgetStatus
api.policy.v1.PodDisruptionBudgetSpec 1minAvailable:apimachinery.util.intstr.IntOrString 2selector:apimachinery.meta.v1.LabelSelector 3maxUnavailable:apimachinery.util.intstr.IntOrString 4unhealthyPodEvictionPolicy:string
api.policy.v1.PodDisruptionBudgetStatus 1?observedGeneration:int64 2%?disruptedPods:apimachinery.meta.v1.Time 3disruptionsAllowed:int32 4currentHealthy:int32 5desiredHealthy:int32 6expectedPods:int32 7*?conditions:apimachinery.meta.v1.Condition
api.rbac.v1.AggregationRule 1*?clusterRoleSelectors:apimachinery.meta.v1.LabelSelector
api.rbac.v1.ClusterRole 1?metadata:apimachinery.meta.v1.ObjectMeta 2*rules:api.rbac.v1.PolicyRule 3aggregationRule:api.rbac.v1.AggregationRule
api.rbac.v1.ClusterRoleBinding 1?metadata:apimachinery.meta.v1.ObjectMeta 2*?subjects:api.rbac.v1.Subject 3roleRef:api.rbac.v1.RoleRef
api.rbac.v1.PolicyRule 1*verbs:string 2*?apiGroups:string 3*?resources:string 4*?resourceNames:string 5*?nonResourceURLs:string
api.rbac.v1.Role 1?metadata:apimachinery.meta.v1.ObjectMeta 2*rules:api.rbac.v1.PolicyRule
api.rbac.v1.RoleBinding 1?metadata:apimachinery.meta.v1.ObjectMeta 2*?subjects:api.rbac.v1.Subject 3roleRef:api.rbac.v1.RoleRef
api.rbac.v1.RoleRef 1apiGroup:string 2kind:string 3name:string
api.rbac.v1.Subject 1kind:string 2?apiGroup:string 3name:string 4?namespace:string
api.scheduling.v1.PriorityClass 1?metadata:apimachinery.meta.v1.ObjectMeta 2value:int32 3?globalDefault:bool 4?description:string 5preemptionPolicy:string
api.storage.v1.CSIDriver 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:api.storage.v1.CSIDriverSpec
api.storage.v1.CSIDriverSpec 1attachRequired:bool 2podInfoOnMount:bool 3*?volumeLifecycleModes:string 4storageCapacity:bool 5fsGroupPolicy:string 6*?tokenRequests:api.storage.v1.TokenRequest 7requiresRepublish:bool 8seLinuxMount:bool 9nodeAllocatableUpdatePeriodSeconds:int64 10serviceAccountTokenInSecrets:bool 11preventPodSchedulingIfMissing:bool
api.storage.v1.StorageClass 1?metadata:apimachinery.meta.v1.ObjectMeta 2provisioner:string 3%?parameters:string 4reclaimPolicy:string 5*?mountOptions:string 6allowVolumeExpansion:bool 7volumeBindingMode:string 8*?allowedTopologies:api.core.v1.TopologySelectorTerm
api.storage.v1.TokenRequest 1audience:string 2expirationSeconds:int64
api.storage.v1.VolumeAttachment 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:api.storage.v1.VolumeAttachmentSpec 3?status:api.storage.v1.VolumeAttachmentStatus
api.storage.v1.VolumeAttachmentSource 1persistentVolumeName:string 2inlineVolumeSpec:api.core.v1.PersistentVolumeSpec
api.storage.v1.VolumeAttachmentSpec 1attacher:string 2source:api.storage.v1.VolumeAttachmentSource 3nodeName:string
api.storage.v1.VolumeAttachmentStatus 1attached:bool 2%?attachmentMetadata:string 3attachError:api.storage.v1.VolumeError 4detachError:api.storage.v1.VolumeError
api.storage.v1.VolumeError 1?time:apimachinery.meta.v1.Time 2?message:string 3errorCode:int32
apiextensions_apiserver.apiextensions.v1.CustomResourceColumnDefinition 1name:string 2type:string 3?format:string 4?description:string 5?priority:int32 6jsonPath:string
apiextensions_apiserver.apiextensions.v1.CustomResourceConversion 1strategy:string 2webhook:apiextensions_apiserver.apiextensions.v1.WebhookConversion
apiextensions_apiserver.apiextensions.v1.CustomResourceDefinition 1?metadata:apimachinery.meta.v1.ObjectMeta 2spec:apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionSpec 3?status:apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionStatus
apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionCondition 1type:string 2status:string 3?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string 6?observedGeneration:int64
apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionNames 1plural:string 2?singular:string 3*?shortNames:string 4kind:string 5?listKind:string 6*?categories:string
apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionSpec 1group:string 3names:apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionNames 4scope:string 7*versions:apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionVersion 9conversion:apiextensions_apiserver.apiextensions.v1.CustomResourceConversion 10?preserveUnknownFields:bool
apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionStatus 1*conditions:apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionCondition 2acceptedNames:apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionNames 3*storedVersions:string 4?observedGeneration:int64
apiextensions_apiserver.apiextensions.v1.CustomResourceDefinitionVersion 1name:string 2served:bool 3storage:bool 7?deprecated:bool 8deprecationWarning:string 4schema:apiextensions_apiserver.apiextensions.v1.CustomResourceValidation 5subresources:apiextensions_apiserver.apiextensions.v1.CustomResourceSubresources 6*?additionalPrinterColumns:apiextensions_apiserver.apiextensions.v1.CustomResourceColumnDefinition 9*?selectableFields:apiextensions_apiserver.apiextensions.v1.SelectableField
apiextensions_apiserver.apiextensions.v1.CustomResourceSubresourceScale 1specReplicasPath:string 2statusReplicasPath:string 3labelSelectorPath:string
apiextensions_apiserver.apiextensions.v1.CustomResourceSubresourceStatus
apiextensions_apiserver.apiextensions.v1.CustomResourceSubresources 1status:apiextensions_apiserver.apiextensions.v1.CustomResourceSubresourceStatus 2scale:apiextensions_apiserver.apiextensions.v1.CustomResourceSubresourceScale
apiextensions_apiserver.apiextensions.v1.CustomResourceValidation 1openAPIV3Schema:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps
apiextensions_apiserver.apiextensions.v1.ExternalDocumentation 1?description:string 2?url:string
apiextensions_apiserver.apiextensions.v1.JSON 1-:bytes
apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 1?id:string 2?$schema:string 3$ref:string 4?description:string 5?type:string 6?format:string 7?title:string 8default:apiextensions_apiserver.apiextensions.v1.JSON 9maximum:double 10?exclusiveMaximum:bool 11minimum:double 12?exclusiveMinimum:bool 13maxLength:int64 14minLength:int64 15?pattern:string 16maxItems:int64 17minItems:int64 18?uniqueItems:bool 19multipleOf:double 20*?enum:apiextensions_apiserver.apiextensions.v1.JSON 21maxProperties:int64 22minProperties:int64 23*?required:string 24items:apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrArray 25*?allOf:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 26*?oneOf:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 27*?anyOf:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 28not:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 29%?properties:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 30additionalProperties:apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrBool 31%?patternProperties:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 32%?dependencies:apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrStringArray 33additionalItems:apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrBool 34%?definitions:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 35externalDocs:apiextensions_apiserver.apiextensions.v1.ExternalDocumentation 36example:apiextensions_apiserver.apiextensions.v1.JSON 37?nullable:bool 38x-kubernetes-preserve-unknown-fields:bool 39?x-kubernetes-embedded-resource:bool 40?x-kubernetes-int-or-string:bool 41*?x-kubernetes-list-map-keys:string 42x-kubernetes-list-type:string 43x-kubernetes-map-type:string 44*?x-kubernetes-validations:apiextensions_apiserver.apiextensions.v1.ValidationRule
apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrArray 1schema:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 2*jSONSchemas:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps
apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrBool 1allows:bool 2schema:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps
apiextensions_apiserver.apiextensions.v1.JSONSchemaPropsOrStringArray 1schema:apiextensions_apiserver.apiextensions.v1.JSONSchemaProps 2*property:string
apiextensions_apiserver.apiextensions.v1.SelectableField 1jsonPath:string
apiextensions_apiserver.apiextensions.v1.ServiceReference 1namespace:string 2name:string 3path:string 4port:int32
apiextensions_apiserver.apiextensions.v1.ValidationRule 1rule:string 2?message:string 3?messageExpression:string 4reason:string 5?fieldPath:string 6optionalOldSelf:bool
apiextensions_apiserver.apiextensions.v1.WebhookClientConfig 3url:string 1service:apiextensions_apiserver.apiextensions.v1.ServiceReference 2?caBundle:bytes
apiextensions_apiserver.apiextensions.v1.WebhookConversion 2clientConfig:apiextensions_apiserver.apiextensions.v1.WebhookClientConfig 3*conversionReviewVersions:string
apimachinery.api.resource.Quantity 1string:string
apimachinery.meta.v1.Condition 1type:string 2status:string 3?observedGeneration:int64 4lastTransitionTime:apimachinery.meta.v1.Time 5reason:string 6message:string
apimachinery.meta.v1.DeleteOptions 1gracePeriodSeconds:int64 2preconditions:apimachinery.meta.v1.Preconditions 3orphanDependents:bool 4propagationPolicy:string 5*?dryRun:string 6ignoreStoreReadErrorWithClusterBreakingPotential:bool
apimachinery.meta.v1.FieldSelectorRequirement 1key:string 2operator:string 3*?values:string
apimachinery.meta.v1.FieldsV1 1-:bytes
apimachinery.meta.v1.LabelSelector 1%?matchLabels:string 2*?matchExpressions:apimachinery.meta.v1.LabelSelectorRequirement
apimachinery.meta.v1.LabelSelectorRequirement 1key:string 2operator:string 3*?values:string
apimachinery.meta.v1.ManagedFieldsEntry 1?manager:string 2?operation:string 3?apiVersion:string 4time:apimachinery.meta.v1.Time 6?fieldsType:string 7fieldsV1:apimachinery.meta.v1.FieldsV1 8?subresource:string
apimachinery.meta.v1.MicroTime 1seconds:int64 2nanos:int32
apimachinery.meta.v1.ObjectMeta 1?name:string 2?generateName:string 3?namespace:string 4?selfLink:string 5?uid:string 6?resourceVersion:string 7?generation:int64 8?creationTimestamp:apimachinery.meta.v1.Time 9deletionTimestamp:apimachinery.meta.v1.Time 10deletionGracePeriodSeconds:int64 11%?labels:string 12%?annotations:string 13*?ownerReferences:apimachinery.meta.v1.OwnerReference 14*?finalizers:string 17*?managedFields:apimachinery.meta.v1.ManagedFieldsEntry
apimachinery.meta.v1.OwnerReference 5apiVersion:string 1kind:string 3name:string 4uid:string 6controller:bool 7blockOwnerDeletion:bool
apimachinery.meta.v1.Preconditions 1uid:string 2resourceVersion:string
apimachinery.meta.v1.Time 1seconds:int64 2nanos:int32
apimachinery.runtime.TypeMeta 1?apiVersion:string 2?kind:string
apimachinery.runtime.Unknown 1~typeMeta:apimachinery.runtime.TypeMeta 2-:bytes 3contentEncoding:string 4contentType:string
apimachinery.util.intstr.IntOrString 1type:int64 2intVal:int32 3strVal:string
kube_aggregator.apiregistration.v1.APIService 1?metadata:apimachinery.meta.v1.ObjectMeta 2?spec:kube_aggregator.apiregistration.v1.APIServiceSpec 3?status:kube_aggregator.apiregistration.v1.APIServiceStatus
kube_aggregator.apiregistration.v1.APIServiceCondition 1type:string 2status:string 3?lastTransitionTime:apimachinery.meta.v1.Time 4?reason:string 5?message:string
kube_aggregator.apiregistration.v1.APIServiceSpec 1service:kube_aggregator.apiregistration.v1.ServiceReference 2?group:string 3?version:string 4?insecureSkipTLSVerify:bool 5?caBundle:bytes 7groupPriorityMinimum:int32 8versionPriority:int32
kube_aggregator.apiregistration.v1.APIServiceStatus 1*?conditions:kube_aggregator.apiregistration.v1.APIServiceCondition
kube_aggregator.apiregistration.v1.ServiceReference 1?namespace:string 2?name:string 3port:int32
`;
