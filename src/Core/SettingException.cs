using Orleans;

namespace Channels.Core;

/// <summary>A setting of the installation cannot be used. Keeps the process from starting; the message names the setting, says what is wrong with it and what it should look like, and never what a secret was.</summary>
/// <param name="setting">Its name in the configuration, such as <c>Channels:DrainShare</c>; in the environment <c>__</c> stands for the colon.</param>
/// <param name="problem">What is wrong, and what it must be.</param>
/// <param name="innerException">What found it out.</param>
[GenerateSerializer, Alias("SettingException")]
public sealed class SettingException(string setting, string problem, Exception? innerException = null) : InvalidOperationException($"{setting} {problem}", innerException);
