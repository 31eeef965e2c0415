// Command metrics-server is the Kubernetes metrics server with the options
// that the rehearsal uses.
//
// Its own main cannot be linked here: that takes the API descriptions which
// metrics-server generated from a newer Kubernetes. This one takes the
// descriptions of the Kubernetes that the rehearsal runs, which contain the
// metrics API too.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	utilcompatibility "k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	generatedopenapi "k8s.io/kubernetes/pkg/generated/openapi"
	"sigs.k8s.io/metrics-server/pkg/api"
	"sigs.k8s.io/metrics-server/pkg/scraper/client"
	"sigs.k8s.io/metrics-server/pkg/server"
)

const title = "Kubernetes metrics-server"

type options struct {
	serving        *genericoptions.SecureServingOptionsWithLoopback
	authentication *genericoptions.DelegatingAuthenticationOptions
	authorization  *genericoptions.DelegatingAuthorizationOptions
	resolution     time.Duration
	scrapeTimeout  time.Duration
	kubeletCA      string
}

func main() {
	o := &options{
		serving:        genericoptions.NewSecureServingOptions().WithLoopback(),
		authentication: genericoptions.NewDelegatingAuthenticationOptions(),
		authorization:  genericoptions.NewDelegatingAuthorizationOptions(),
	}
	command := &cobra.Command{
		Use:          "metrics-server",
		Short:        "Serve the resource metrics of nodes and pods",
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		RunE:         func(*cobra.Command, []string) error { return o.run() },
	}
	flags := command.Flags()
	flags.DurationVar(&o.resolution, "metric-resolution", 15*time.Second, "how often the kubelets are read")
	flags.DurationVar(&o.scrapeTimeout, "kubelet-request-timeout", 10*time.Second, "how long one kubelet may take")
	flags.StringVar(&o.kubeletCA, "kubelet-certificate-authority", "", "file with the authority that signs the kubelets' certificates")
	o.serving.AddFlags(flags)
	o.authentication.AddFlags(flags)
	o.authorization.AddFlags(flags)
	os.Exit(cli.Run(command))
}

func (o *options) run() error {
	if o.scrapeTimeout >= o.resolution {
		return fmt.Errorf("--kubelet-request-timeout (%s) must be below --metric-resolution (%s)", o.scrapeTimeout, o.resolution)
	}
	cluster, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	apiserver, err := o.apiserver()
	if err != nil {
		return err
	}
	metrics, err := server.Config{
		Apiserver:        apiserver,
		Rest:             cluster,
		Kubelet:          o.kubelet(cluster),
		MetricResolution: o.resolution,
		ScrapeTimeout:    o.scrapeTimeout,
	}.Complete()
	if err != nil {
		return err
	}
	return metrics.RunUntil(genericapiserver.SetupSignalHandler())
}

func (o *options) kubelet(cluster *rest.Config) *client.KubeletClientConfig {
	config := rest.CopyConfig(cluster)
	if o.kubeletCA != "" {
		config.TLSClientConfig.CAFile = o.kubeletCA
		config.TLSClientConfig.CAData = nil
	}
	return &client.KubeletClientConfig{
		Scheme:              "https",
		AddressTypePriority: []corev1.NodeAddressType{corev1.NodeInternalIP},
		UseNodeStatusPort:   true,
		Client:              *config,
	}
}

func (o *options) apiserver() (*genericapiserver.Config, error) {
	if err := o.serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, nil); err != nil {
		return nil, fmt.Errorf("make the serving certificate: %w", err)
	}
	config := genericapiserver.NewConfig(api.Codecs)
	if err := o.serving.ApplyTo(&config.SecureServing, &config.LoopbackClientConfig); err != nil {
		return nil, err
	}
	if err := o.authentication.ApplyTo(&config.Authentication, config.SecureServing, nil); err != nil {
		return nil, err
	}
	if err := o.authorization.ApplyTo(&config.Authorization); err != nil {
		return nil, err
	}
	namer := openapinamer.NewDefinitionNamer(api.Scheme)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(generatedopenapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.Info.Title = title
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(generatedopenapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config.Info.Title = title
	config.EffectiveVersion = utilcompatibility.DefaultBuildEffectiveVersion()
	return config, nil
}
