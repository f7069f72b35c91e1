using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Channels.Architecture.Tests;

/// <summary>Core knows nobody: of the grains' programming model it may use what marks a type for the wire, and nothing else.</summary>
public sealed class CoreTests
{
    private static readonly HashSet<string> Attributes =
        ["Orleans.GenerateSerializerAttribute", "Orleans.IdAttribute", "Orleans.AliasAttribute", "Orleans.ImmutableAttribute"];

    [Fact]
    public void Of_Orleans_it_uses_the_serialisation_attributes_only()
    {
        using var file = new PEReader(File.OpenRead(House.AssemblyOf("Core").Location));
        var metadata = file.GetMetadataReader();

        var used = metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Where(type => type.ResolutionScope.Kind == HandleKind.AssemblyReference
                && metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) is "Channels.Orleans.InProcess")
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .ToList();

        Assert.Contains("Orleans.GenerateSerializerAttribute", used);
        House.None(used.Where(type => !Attributes.Contains(type)).Select(type => $"Core uses {type}."));
    }
}
