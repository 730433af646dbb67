"""KubiyaProvider: credentials and endpoint other than the stack's own."""

from __future__ import annotations

import os

import pulumi

from kubiya_pulumi import config


class KubiyaProvider(pulumi.ProviderResource):
    """Settings for some resources of a program: the key of another organization, or an endpoint.

    Pass it with `opts=pulumi.ResourceOptions(provider=…)`. A program with one set of settings
    needs no provider: `kubiya:apiKey` in the stack's configuration is enough. A setting that is
    not given here comes from the environment, then from the defaults, and never from the stack's
    configuration.
    """

    _settings: dict[str, pulumi.Input[str | float]]
    """The settings by their full names, for the get functions: those that are given, and those of
    the environment that the option `env_var_mappings` renames."""

    def __init__(
        self,
        resource_name: str,
        *,
        api_key: pulumi.Input[str] | None = None,
        base_url: pulumi.Input[str] | None = None,
        timeout_seconds: pulumi.Input[float] | None = None,
        max_retries: pulumi.Input[int] | None = None,
        ca_bundle: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the provider.

        Args:
            resource_name: Pulumi's name for the provider.
            api_key: the API key. A secret in the state, whether or not it is passed as one.
                Default: the environment's `KUBIYA_API_KEY`.
            base_url: the base URL of the Runners API. Default: the environment's
                `KUBIYA_BASE_URL`, then `https://api.kubiya.ai`.
            timeout_seconds: the timeout for a connection and for each part of a response, in
                seconds. Default: 30.
            max_retries: the maximum number of retries of a request that may safely be repeated.
                Default: 4.
            ca_bundle: the path of a PEM file with additional certificate authorities.
            opts: options of the resource.
        """
        given: dict[str, pulumi.Input[str | float] | None] = {
            config.API_KEY: api_key,
            config.BASE_URL: base_url,
            config.TIMEOUT_SECONDS: timeout_seconds,
            config.MAX_RETRIES: max_retries,
            config.CA_BUNDLE: ca_bundle,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        self._settings = {**_renamed_variables(opts), **settings}
        # The engine takes text only, as it does for the settings in a stack's configuration.
        props = {
            name: pulumi.Output.from_input(value).apply(str) for name, value in settings.items()
        }
        if config.API_KEY in props:
            props[config.API_KEY] = pulumi.Output.secret(props[config.API_KEY])
        super().__init__("pulumi-python", resource_name, props, opts)


def _renamed_variables(opts: pulumi.ResourceOptions | None) -> dict[str, str]:
    """Return the settings of the environment variables that an option renames.

    The engine renames them for the plugin of the resources, but not for the program.
    """
    mappings = getattr(opts, "env_var_mappings", None) or {}
    settings = {setting.variable: setting.name for setting in config.SETTINGS if setting.variable}
    return {
        settings[variable]: os.environ[given]
        for given, variable in mappings.items()
        if variable in settings and given in os.environ
    }
