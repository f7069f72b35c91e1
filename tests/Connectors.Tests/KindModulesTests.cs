using Channels.Core.Connectors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Connectors.Tests;

public sealed class KindModulesTests
{
    // bin/<project>/<configuration>: the sample's lies beside ours.
    private static readonly string _sample = Path.Combine(
        AppContext.BaseDirectory, "..", "..", "SmsGate", Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)), "Channels.Samples.SmsGate.dll");

    [Fact]
    public async Task A_kind_from_elsewhere_is_one_of_the_kinds()
    {
        var catalog = Catalog(_sample);

        var module = Assert.Single(catalog.Modules);
        Assert.Equal(("Channels.Samples.SmsGate.dll", null), (module.File, module.Fault));
        Assert.Equal("sms_gate", Assert.Single(module.Kinds));
        Assert.NotNull(module.Version);
        var kind = catalog.Find("sms_gate")!;
        Assert.Equal("sms", kind.Manifest.Network);

        // It uses the product's own types and client: what it answers is ours.
        Assert.IsType<SendOutcome.TryLater>(await kind.SendAsync(TestConnections.To(new { base_url = "http://127.0.0.1:1", api_key = "k" }), TestConnections.Message(), CancellationToken.None));
        Assert.NotNull(catalog.Find("evolution"));
    }

    [Fact]
    public void A_module_lives_in_a_context_of_its_own() =>
        Assert.NotSame(
            System.Runtime.Loader.AssemblyLoadContext.Default,
            System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(Catalog(_sample).Find("sms_gate")!.GetType().Assembly));

    [Fact]
    public void Faulty_modules_are_reported_and_the_others_work()
    {
        var noAssembly = Path.GetTempFileName();
        File.WriteAllText(noAssembly, "not a program");
        try
        {
            var catalog = Catalog("/nowhere/missing.dll", noAssembly, typeof(Xunit.Assert).Assembly.Location, _sample, _sample + "/../Channels.Samples.SmsGate.dll");

            Assert.Collection(
                catalog.Modules,
                missing => Assert.Contains("no such file", missing.Fault, StringComparison.Ordinal),
                text => Assert.Contains("no .NET assembly", text.Fault, StringComparison.Ordinal),
                other => Assert.Contains("IConnector", other.Fault, StringComparison.Ordinal),
                good => Assert.Null(good.Fault),
                odd => Assert.NotNull(odd.Fault));
            Assert.NotNull(catalog.Find("sms_gate"));
            Assert.All(catalog.Modules, module => Assert.DoesNotContain("/", module.File, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(noAssembly);
        }
    }

    [Fact]
    public void An_id_that_is_taken_is_the_modules_fault_and_the_first_keeps_it()
    {
        var copy = Path.Combine(Path.GetTempPath(), $"copy-{Environment.ProcessId}", "Channels.Samples.SmsGate.dll");
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(_sample, copy, overwrite: true);
        try
        {
            var catalog = Catalog(_sample, copy);

            Assert.Null(catalog.Modules[0].Fault);
            Assert.Contains("sms_gate", catalog.Modules[1].Fault, StringComparison.Ordinal);
            Assert.Empty(catalog.Modules[1].Kinds);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
        }
    }

    [Fact]
    public void Paths_are_a_list_or_one_text_with_semicolons()
    {
        var listed = new Dictionary<string, string?> { ["Channels:RegistryModules:0"] = "/a.dll", ["Channels:RegistryModules:1"] = " /b.dll " };
        var written = new Dictionary<string, string?> { ["Channels:RegistryModules"] = "/a.dll; /b.dll;" };

        Assert.Equal("/a.dll /b.dll", string.Join(' ', KindModules.PathsOf(new ConfigurationBuilder().AddInMemoryCollection(listed).Build())));
        Assert.Equal("/a.dll /b.dll", string.Join(' ', KindModules.PathsOf(new ConfigurationBuilder().AddInMemoryCollection(written).Build())));
        Assert.Empty(KindModules.PathsOf(new ConfigurationBuilder().Build()));
    }

    private static IConnectorCatalog Catalog(params string[] modules) =>
        new ServiceCollection().AddConnectors([typeof(ConnectorServices).Assembly], modules).BuildServiceProvider().GetRequiredService<IConnectorCatalog>();
}
