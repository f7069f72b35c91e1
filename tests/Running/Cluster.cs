using System.Security.Cryptography;
using Channels.FakeProviders;
using Channels.Testing;

namespace Channels.Running;

/// <summary>What <c>docker-compose.yml</c> builds, as processes of this machine: one Postgres, two silos, one front end.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly OwnPostgres _postgres;
    private readonly TemporaryDirectory _data;

    private Cluster(OwnPostgres postgres, TemporaryDirectory data, IReadOnlyList<Product> silos, Product frontEnd) =>
        (_postgres, _data, Silos, FrontEnd) = (postgres, data, silos, frontEnd);

    public IReadOnlyList<Product> Silos { get; }

    public Product FrontEnd { get; }

    public string ConnectionString => _postgres.ConnectionString;

    /// <summary>Returns when all three say that they are ready. The first silo makes the schema.</summary>
    public static async Task<Cluster> StartAsync()
    {
        var postgres = await OwnPostgres.StartAsync(durable: true);
        var data = TemporaryDirectory.Create();
        var silos = new List<Product>();
        try
        {
            // Three pools in each of three processes, on a server for 150.
            var connectionString = $"{postgres.ConnectionString};Maximum Pool Size=14";
            var shared = new Dictionary<string, string>
            {
                ["Channels__MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
                ["Channels__OperatorKey"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(32)),
                ["Channels__DataDirectory"] = data.Path,
                ["Channels__Cluster__ClusterId"] = "proof",
            };
            for (var n = 0; n < 2; n++)
            {
                silos.Add(await Product.StartAsync(connectionString, new Dictionary<string, string>(shared)
                {
                    ["Channels__Cluster__Address"] = "127.0.0.1",
                    ["Channels__Cluster__SiloPort"] = $"{FreePorts.Next()}",
                    ["Channels__Cluster__GatewayPort"] = $"{FreePorts.Next()}",
                }));
            }

            return new Cluster(postgres, data, silos, await Product.StartFrontEndAsync(connectionString, shared));
        }
        catch
        {
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }

            await postgres.DisposeAsync();
            data.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await FrontEnd.DisposeAsync();
        foreach (var silo in Silos)
        {
            await silo.DisposeAsync();
        }

        await _postgres.DisposeAsync();
        _data.Dispose();
    }
}
